"""Compute the fates of pending records from frames, without access to a lake."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.medallion.erasure import erased_quarantine
from goldrun.medallion.fates import Fates, StoredRecords
from goldrun.medallion.repeats import Repeats, find_repeats, resolve_keys, stored_records
from goldrun.medallion.silver import accepted, warned
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
    """Numbers of records of a run by fate.

    Attributes:
        records: Number of records.
        rejected: Number of records that break a rule, by rule; a record may break several.
        quarantined: Number of rejected records.
        duplicates: Number of records that repeat another one.
        warned: Number of accepted records with an emptied value, by warning.
    """

    records: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    quarantined: int = 0
    duplicates: int = 0
    warned: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Refined") -> "Refined":
        """Return the sums of both."""
        return Refined(
            self.records + other.records,
            Counter(self.rejected) + Counter(other.rejected),
            self.quarantined + other.quarantined,
            self.duplicates + other.duplicates,
            Counter(self.warned) + Counter(other.warned),
        )


@dataclass(frozen=True)
class RefinementInput:
    """Frames from which the fates of an entity's pending records are computed.

    Attributes:
        pending: Rows of ``bronze/<entity>`` without a fate.
        bronze: All rows of ``bronze/<entity>``.
        fates: The fates of the entity's other records.
        related: Parents and exchange rates.
        new: Whether ``pending`` is one batch that was just ingested, so that the stored rows were
            checked before.
        erased: Rows of ``silver/quarantine`` of the records whose text was erased before they had
            a fate; None if the lake has no erased person.
    """

    pending: DataFrame
    bronze: DataFrame
    fates: Fates
    related: RelatedTables
    new: bool = False
    erased: DataFrame | None = None


@dataclass(frozen=True)
class Refinement:
    """Rows to write for pending records.

    Attributes:
        validated: Result of ``validate_records``; includes the records of ``reset``.
        resolution: New rows of silver, history and duplicates.
        rejected: New rows of ``silver/quarantine``, including rows of erased records.
        warned: New rows of ``silver/warnings``.
        reset: Stored records whose fates are removed, and which are in ``validated``; None if there
            are none.
    """

    validated: DataFrame
    resolution: Resolution
    rejected: DataFrame
    warned: DataFrame
    reset: StoredRecords | None = None

    def counts(self, records: int) -> Refined:
        """Count the fates.

        Args:
            records: Number of pending records.
        """
        rules, quarantined = _by_name(self.rejected, lineage.REASONS)
        warnings, _ = _by_name(self.warned, lineage.WARNINGS)
        duplicates = self.resolution.duplicates.count()
        return Refined(records, rules, quarantined, duplicates, warnings)


def _by_name(rows: DataFrame, names: str) -> tuple[Counter[str], int]:
    """Count rows by each of their names, and all rows."""
    found: Counter[str] = Counter()
    total = 0
    for row in rows.groupBy(names).agg(F.count("*").alias("n")).collect():
        total += row["n"]
        found.update(dict.fromkeys(row[names], row["n"]))
    return found, total


def separate_erased(given: RefinementInput, entity: str) -> RefinementInput:
    """Move records whose text was erased from the pending records to the erased ones."""
    pending, erased = erased_quarantine(given.pending, entity)
    return replace(given, pending=pending, erased=erased.localCheckpoint())


def refine_records(
    validated: DataFrame, given: RefinementInput, source: Source, entity: str
) -> Refinement:
    """Decide the fate of each pending record.

    If a stored record of the same key was ingested with or after a pending one, the stored records
    of the key are reset, and refined together with the pending records.

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
    by_ingestion = table.versioned_by not in source.with_files[entity].columns
    resolution = resolve_keys(compared.rows, repeats, entity, table, by_ingestion=by_ingestion)
    late = (*compared.rejected, resolution.conflicts)
    rejected = _rejected(validated, given, late, entity)
    return Refinement(validated, resolution, rejected, warned(validated, entity), reset)


def _rejected(
    validated: DataFrame, given: RefinementInput, late: Sequence[DataFrame], entity: str
) -> DataFrame:
    """Return the quarantine rows of all rejected records and of the erased ones."""
    rows = rejected_rows(validated, given.pending, given.bronze, late, entity)
    return rows if given.erased is None else rows.unionByName(given.erased)


def _compare(
    validated: DataFrame, given: RefinementInput, source: Source, entity: str
) -> tuple[Compared, Repeats]:
    rows, stored = accepted(validated), given.fates.silver
    compared = check_references_and_rates(
        rows, stored, given.related, source, entity, stored_is_checked=given.new
    )
    return compared, find_repeats(compared.rows, given.fates, ENTITIES[entity])


def _with_reset(
    given: RefinementInput, validated: DataFrame, stored: StoredRecords
) -> RefinementInput:
    """Add stored records to the pending records, and remove their fates."""
    ids = validated.select(lineage.RECORD_ID).unionByName(stored.ids).localCheckpoint()
    pending = given.bronze.join(ids, lineage.RECORD_ID, "left_semi")
    return replace(given, pending=pending, fates=given.fates.without(stored))
