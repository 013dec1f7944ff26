"""Decide which records of an entity are accepted, by their own values and by other tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CURRENCY
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.medallion.currency import check_one_currency, check_stored_currency, convert
from goldrun.medallion.quarantine import quarantined, with_raw
from goldrun.medallion.references import without_parent
from goldrun.medallion.silver import rejected, validate
from goldrun.medallion.source_columns import columns_read

_TRANSACTIONS = "transactions"


@dataclass(frozen=True)
class RelatedTables:
    """Rows that the records of an entity are compared with.

    Attributes:
        parents: Rows of silver of each entity that the records refer to, by name.
        rates: A rate table (``contracts.rates``); None unless the records are transactions of a
            shop that declares its currency.
    """

    parents: Mapping[str, DataFrame]
    rates: DataFrame | None = None


@dataclass(frozen=True)
class Compared:
    """Records after the comparison with other tables.

    Attributes:
        rows: The accepted records, with money in the shop's currency.
        rejected: Frames of ``record_id, reasons`` of the other records.
    """

    rows: DataFrame
    rejected: tuple[DataFrame, ...]


def validate_records(pending: DataFrame, source: Source, entity: str) -> DataFrame:
    """Parse records and apply the rules that need only the record itself.

    Args:
        pending: Rows of ``bronze/<entity>``.
        source: The shop.
        entity: Name of the entity.

    Returns:
        Result of ``medallion.silver.validate``, materialised.
    """
    needed = list(columns_read(source, entity))
    mapping, table = source.with_files[entity], source.contract(entity)
    rows = validate(pending, mapping, needed, table, source.timezone, source.phone_region)
    # Checkpointed and not cached: Spark computes a cached frame again after a write to one of its
    # tables, and these tables are written afterwards.
    return rows.localCheckpoint()


def check_references_and_rates(
    rows: DataFrame,
    stored: DataFrame,
    related: RelatedTables,
    source: Source,
    entity: str,
    *,
    stored_is_checked: bool,
) -> Compared:
    """Apply the rules that need other tables: exchange rates and foreign keys.

    Args:
        rows: Accepted records.
        stored: Rows of ``silver/<entity>``.
        related: Parents and rates.
        source: The shop.
        entity: Name of the entity.
        stored_is_checked: Whether an earlier batch has checked the currency of the stored rows.

    Raises:
        SourceError: Money in several currencies can't be added up.
    """
    compared = Compared(rows, ())
    if entity == _TRANSACTIONS:
        compared = _in_one_currency(rows, stored, related.rates, source, checked=stored_is_checked)
    unknown = without_parent(compared.rows, ENTITIES[entity], related.parents)
    if unknown is None:
        return compared
    unknown = unknown.localCheckpoint()
    known = compared.rows.join(unknown, lineage.RECORD_ID, "left_anti")
    return Compared(known, (*compared.rejected, unknown))


def _in_one_currency(
    rows: DataFrame, stored: DataFrame, rates: DataFrame | None, source: Source, *, checked: bool
) -> Compared:
    """Convert transactions to the shop's currency, or check that they have one currency."""
    if source.currency and rates is not None:
        if not checked:
            check_stored_currency(stored, source.currency, source.name)
        converted, without_rate = convert(rows, source.currency, rates, source.zone)
        return Compared(converted, (without_rate,))
    known = stored.where(F.col(CURRENCY).isNotNull()).select(CURRENCY)
    both = rows.select(CURRENCY).unionByName(known.limit(1) if checked else known)
    check_one_currency(both, source.name)
    return Compared(rows, ())


def rejected_rows(
    validated: DataFrame,
    pending: DataFrame,
    bronze: DataFrame,
    late: Sequence[DataFrame],
    entity: str,
) -> DataFrame:
    """Return the quarantine rows of all rejected records.

    Args:
        validated: Result of ``validate_records``.
        pending: The raw records of ``validated``.
        bronze: Rows of ``bronze/<entity>``, searched only when a stored row is rejected.
        late: Frames of ``record_id, reasons`` of records rejected after validation.
        entity: Name of the entity.

    Returns:
        Open rows of ``silver/quarantine``, one row a record, materialised.
    """
    rows = quarantined(rejected(validated), entity)
    # Cast to one type, because Sail can't union arrays that differ in whether elements may be null.
    reasons = F.col(lineage.REASONS).cast(lineage.QUARANTINE.column(lineage.REASONS).type)
    ids = reduce(DataFrame.unionByName, late).withColumn(lineage.REASONS, reasons)
    ids = ids.localCheckpoint()
    if not ids.isEmpty():
        displaces = not ids.join(validated, lineage.RECORD_ID, "left_anti").isEmpty()
        raw = with_raw(bronze if displaces else pending, ids)
        rows = rows.unionByName(quarantined(raw, entity))
    return rows.localCheckpoint()
