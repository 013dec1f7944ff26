"""The fates of pending records, computed from frames; nothing is read or written here."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.medallion.erasure import erased_quarantine
from goldrun.medallion.fates import Fates, StoredRecords
from goldrun.medallion.repeats import Repeats, find_repeats, resolve_keys, stored_records
from goldrun.medallion.silver import accepted
from goldrun.medallion.validation import (
    Compared,
    RelatedTables,
    check_references_and_rates,
    rejected_rows,
    validate_records,
)
from goldrun.medallion.versions import Resolution


@dataclass(frozen=True)
class Refined:
    """How many records of a run have which fate.

    Attributes:
        records: Number of records.
        rejected: Number of records that break a rule, by rule; a record may break several.
        quarantined: Number of rejected records.
        duplicates: Number of records that repeat another one.
    """

    records: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    quarantined: int = 0
    duplicates: int = 0

    def __add__(self, other: "Refined") -> "Refined":
        """Count the records of both."""
        return Refined(
            self.records + other.records,
            Counter(self.rejected) + Counter(other.rejected),
            self.quarantined + other.quarantined,
            self.duplicates + other.duplicates,
        )


@dataclass(frozen=True)
class RefinementInput:
    """The frames that decide the fates of pending records of an entity.

    Attributes:
        pending: Rows of ``bronze/<entity>`` without a fate.
        bronze: All rows of ``bronze/<entity>``.
        fates: The fates of the entity's other records.
        related: Parents and exchange rates.
        new: Whether ``pending`` is one batch that was just ingested, so that the stored rows were
            checked before.
        erased: Rows of ``silver/quarantine`` of the records that lost their text to an erasure
            before they had a fate; None where nobody was erased.
    """

    pending: DataFrame
    bronze: DataFrame
    fates: Fates
    related: RelatedTables
    new: bool = False
    erased: DataFrame | None = None


@dataclass(frozen=True)
class Refinement:
    """What is to be written for pending records.

    Attributes:
        validated: Result of ``validate_records``; includes the records of ``reset``.
        resolution: New rows of silver, history and duplicates.
        rejected: New rows of ``silver/quarantine``, those of erased records among them.
        reset: Stored records that lose their fates and are among ``validated``; None where there
            are none.
    """

    validated: DataFrame
    resolution: Resolution
    rejected: DataFrame
    reset: StoredRecords | None = None

    def counts(self, records: int) -> Refined:
        """Count the fates.

        Args:
            records: Number of pending records.
        """
        rules: Counter[str] = Counter()
        quarantined = 0
        counted = self.rejected.groupBy(lineage.REASONS).agg(F.count("*").alias("n"))
        for row in counted.collect():
            quarantined += row["n"]
            rules.update(dict.fromkeys(row[lineage.REASONS], row["n"]))
        return Refined(records, rules, quarantined, self.resolution.duplicates.count())


def separate_erased(given: RefinementInput, entity: str) -> RefinementInput:
    """Move the records without text from the pending ones to the erased ones."""
    pending, erased = erased_quarantine(given.pending, entity)
    return replace(given, pending=pending, erased=erased.localCheckpoint())


def refine_records(
    validated: DataFrame, given: RefinementInput, source: Source, entity: str
) -> Refinement:
    """Decide the fate of each pending record.

    Where a stored record of the same key was ingested with or after a pending one, the stored
    records of the key are reset: they are refined together with the pending ones.

    Args:
        validated: Result of ``validate_records`` for ``given.pending``.
        given: The frames.
        source: The shop.
        entity: Name of the entity.

    Raises:
        SourceError: Money in several currencies can't be added up.
    """
    table, reset = ENTITIES[entity], None
    compared, repeats = _compare(validated, given, source, entity)
    while repeats.out_of_order is not None:
        stored = stored_records(repeats.out_of_order, given.fates)
        reset = stored if reset is None else reset.union(stored)
        given = _with_reset(given, validated, stored)
        validated = validate_records(given.pending, source, entity)
        compared, repeats = _compare(validated, given, source, entity)
    by_arrival = table.versioned_by not in source.with_files[entity].columns
    resolution = resolve_keys(compared.rows, repeats, entity, table, by_arrival=by_arrival)
    late = (*compared.rejected, resolution.conflicts)
    rejected = rejected_rows(validated, given.pending, given.bronze, late, entity)
    if given.erased is not None:
        rejected = rejected.unionByName(given.erased)
    return Refinement(validated, resolution, rejected, reset)


def _compare(
    validated: DataFrame, given: RefinementInput, source: Source, entity: str
) -> tuple[Compared, Repeats]:
    rows, stored = accepted(validated), given.fates.silver
    compared = check_references_and_rates(
        rows, stored, given.related, source, entity, new=given.new
    )
    return compared, find_repeats(compared.rows, given.fates, ENTITIES[entity])


def _with_reset(
    given: RefinementInput, validated: DataFrame, stored: StoredRecords
) -> RefinementInput:
    """Add stored records to the pending ones, and take their fates away."""
    ids = validated.select(lineage.RECORD_ID).unionByName(stored.ids).localCheckpoint()
    pending = given.bronze.join(ids, lineage.RECORD_ID, "left_semi")
    return replace(given, pending=pending, fates=given.fates.without(stored))
