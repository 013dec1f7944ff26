"""Validate records: type their values, apply the rules, and list the reasons of a rejection."""

from collections.abc import Iterable, Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage, quarantine_reasons
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.table import Column, Severity, Table
from goldrun.medallion.mapping import LINEAGE
from goldrun.medallion.parse import parse_records
from goldrun.medallion.parsed import Parsed
from goldrun.medallion.quarantine import place, raw_json

_COMMA = ","
_REPLACEMENT = "\ufffd"
"""Character with which a reader replaces bytes that are not valid in the encoding."""
_LINEAGE = (
    lineage.RECORD_ID,
    lineage.SOURCE,
    lineage.FILE,
    lineage.OFFSET,
    lineage.INGESTED_AT,
    lineage.BATCH_ID,
)


def validate(
    bronze: DataFrame,
    mapping: EntityMapping,
    needed: list[str],
    table: Table,
    timezone: str | None,
    phone_region: str | None = None,
) -> DataFrame:
    """Parse every record and list the rules that it breaks, in one pass.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        mapping: The source's mapping of the entity.
        needed: File columns that the mapping reads.
        table: The entity's contract.
        timezone: Zone of times that carry none.
        phone_region: Country of telephone numbers that carry none.

    Returns:
        One row a record: the contract's columns, the lineage columns, ``reasons``, the names of
        the rejecting rules that it breaks (empty for an accepted row), ``warnings``, the faults of
        its optional values, which are emptied, and ``record``, the raw record as JSON (null for an
        accepted row, whose text is in bronze).
    """
    mapped = [table.column(name) for name in mapping.columns]
    frame, parsed = parse_records(bronze, mapping, mapped, needed, timezone, phone_region)
    complete = _with_defaults(_without_unknown(_typed(frame, parsed, mapped, table), table), table)
    complete = complete.withColumn(lineage.REASONS, _all_reasons(table))
    # The accepted rows, which are many, are materialised: without raw text they need less memory.
    is_rejected = F.col(lineage.REASONS).isNotNull()
    raw = F.when(is_rejected, raw_json(F.col(lineage.RECORD), F.col(lineage.MALFORMED)))
    listed = [_listed(name).alias(name) for name in (lineage.REASONS, lineage.WARNINGS)]
    return complete.select(*table.names, *_LINEAGE, *listed, raw.alias(lineage.RECORD))


def _listed(name: str) -> SparkColumn:
    return F.when(F.col(name).isNotNull(), F.split(name, _COMMA)).otherwise(F.array())


def _typed(
    frame: DataFrame, parsed: Mapping[str, Parsed], mapped: Sequence[Column], table: Table
) -> DataFrame:
    """Select lineage, typed values and the names of the faults that parsing finds."""
    faults = _record_faults()
    warnings: dict[str, SparkColumn] = {}
    values: dict[str, SparkColumn] = {}
    for column in mapped:
        one = parsed[column.name]
        rejecting, emptying = _by_severity(one.faults, column, table)
        faults |= rejecting
        warnings |= emptying
        values[column.name] = _emptied(one.value, emptying.values())
        if column.required and column.default is None:
            faults[quarantine_reasons.missing(column)] = one.empty
    raw = {
        name: F.col(f"{LINEAGE}.{name}") for name in (*_LINEAGE, lineage.RECORD, lineage.MALFORMED)
    }
    raw[lineage.FILE] = place(raw[lineage.FILE], F.col(f"{LINEAGE}.{lineage.OFFSET}"))
    return frame.select(
        *[column.alias(name) for name, column in raw.items()],
        *[value.alias(name) for name, value in values.items()],
        _names_of(faults).alias(lineage.REASONS),
        _names_of(warnings).alias(lineage.WARNINGS),
    )


def _by_severity(
    faults: Mapping[str, SparkColumn], column: Column, table: Table
) -> tuple[dict[str, SparkColumn], dict[str, SparkColumn]]:
    """Split the faults of a column into those that reject a record and those that empty a value."""
    severities = {n: quarantine_reasons.severity_of_fault(table, column, n) for n in faults}
    rejecting, emptying = (
        {name: fault for name, fault in faults.items() if severities[name] is severity}
        for severity in (Severity.REJECT, Severity.WARN)
    )
    return rejecting, emptying


def _emptied(value: SparkColumn, faults: Iterable[SparkColumn]) -> SparkColumn:
    """Return a value; null if it has one of the faults."""
    for fault in faults:
        value = F.when(~F.coalesce(fault, F.lit(False)), value)
    return value


def _without_unknown(typed: DataFrame, table: Table) -> DataFrame:
    """Empty the optional categories that are not allowed, and add their warnings."""
    unknown = {
        c.name: ~F.col(c.name).isin(*c.allowed)
        for c in table.columns
        if c.name in typed.columns and c.allowed and not _rejects_unknown(c, table)
    }
    if not unknown:
        return typed
    named = {quarantine_reasons.not_allowed(table.column(n)): is_so for n, is_so in unknown.items()}
    values = {name: _emptied(F.col(name), [is_so]) for name, is_so in unknown.items()}
    warnings = _joined(F.col(lineage.WARNINGS), _names_of(named))
    return typed.withColumns({lineage.WARNINGS: warnings, **values})


def _rejects_unknown(column: Column, table: Table) -> bool:
    reason = quarantine_reasons.not_allowed(column)
    return quarantine_reasons.severity_of_fault(table, column, reason) is Severity.REJECT


def _all_reasons(table: Table) -> SparkColumn:
    """Return the names of faults and of broken rules, joined by commas; null if there are none."""
    broken = _joined(F.col(lineage.REASONS), _names_of(_broken(table)))
    reasons = _joined(broken, _names_of(_still_missing(table, broken)))
    # The fields of a malformed line are arbitrary, so other reasons are ignored.
    is_malformed = F.col(lineage.MALFORMED).isNotNull()
    return F.when(is_malformed, F.lit(quarantine_reasons.RECORD_MALFORMED)).otherwise(reasons)


def _record_faults() -> dict[str, SparkColumn]:
    record = F.col(f"{LINEAGE}.{lineage.RECORD}")
    text = F.array_join(F.concat(F.map_keys(record), F.map_values(record)), "")
    return {quarantine_reasons.RECORD_UNDECODABLE: text.contains(_REPLACEMENT)}


def _with_defaults(typed: DataFrame, table: Table) -> DataFrame:
    # Read once: each access to the schema of a changed frame analyses its whole plan.
    present = set(typed.columns)
    for c in table.columns:
        if c.name not in present:
            typed = typed.withColumn(c.name, F.expr(c.default or "null").try_cast(c.type))
        elif c.default is not None:
            typed = typed.withColumn(c.name, F.coalesce(c.name, F.expr(c.default).try_cast(c.type)))
    return typed


def _broken(table: Table) -> dict[str, SparkColumn]:
    """Return the conditions under which a row is rejected, by quarantine reason.

    Values that can't be parsed and missing ones have reasons already.
    """
    broken = {
        quarantine_reasons.not_allowed(c): ~F.col(c.name).isin(*c.allowed)
        for c in table.columns
        if c.allowed and _rejects_unknown(c, table)
    }
    rejecting = table.rules_of(Severity.REJECT)
    return broken | {rule.name: ~F.expr(rule.holds) for rule in rejecting}


def _still_missing(table: Table, broken: SparkColumn) -> dict[str, SparkColumn]:
    """Return the conditions of required columns that are null although they have a default.

    A default is null if a column that it reads has a fault. Such a record has a reason already,
    so the condition holds only for records without one: those whose ``broken`` is null.
    """
    defaulted = (c for c in table.columns if c.required and c.default is not None)
    return {
        quarantine_reasons.missing(c): F.col(c.name).isNull() & broken.isNull() for c in defaulted
    }


def _names_of(conditions: dict[str, SparkColumn]) -> SparkColumn:
    """Return the names whose condition is true, joined by commas; null if there are none.

    A null condition is false. The result is text and not an array, because Spark generates no code
    for removing nulls from an array, and this step would take twice as long.
    """
    return _joined(*[F.when(is_so, F.lit(name)) for name, is_so in conditions.items()])


def _joined(*parts: SparkColumn) -> SparkColumn:
    return F.nullif(F.concat_ws(_COMMA, *parts), F.lit(""))


def with_content_hash(
    validated: DataFrame, table: Table, *, beside: Sequence[str] = ()
) -> DataFrame:
    """Add the hash of its content to each accepted row.

    Args:
        validated: Accepted rows of ``validate``.
        table: The entity's contract.
        beside: Names of other columns to keep.

    Returns:
        Columns of the entity plus its lineage (``silver_table``), then those of ``beside``; keys
        may repeat.
    """
    content = F.sha2(F.concat_ws(_COMMA, *map(_spelled, table.columns)), 256)
    return validated.select(
        *table.names,
        *(lineage.RECORD_ID, content.alias(lineage.CONTENT_HASH), lineage.SOURCE, lineage.BATCH_ID),
        *beside,
    )


def _spelled(column: Column) -> SparkColumn:
    """Return a text that is unique for each value and equal in all engines.

    It begins with its length, so that concatenated texts are unique too.
    """
    value = F.col(column.name)
    exact = F.unix_micros(value) if isinstance(column.type, T.TimestampType) else value
    text = exact.cast(T.StringType())
    return F.coalesce(F.concat(F.length(text).cast(T.StringType()), F.lit(":"), text), F.lit(""))


def accepted(validated: DataFrame) -> DataFrame:
    """Return the validated records that break no rule."""
    return validated.where(F.size(lineage.REASONS) == 0)


def rejected(validated: DataFrame) -> DataFrame:
    """Return the validated records that break at least one rule."""
    return validated.where(F.size(lineage.REASONS) > 0)


def warned(validated: DataFrame, entity: str) -> DataFrame:
    """Return the rows of ``silver/warnings`` of the validated records that break no rule."""
    rows = accepted(validated).where(F.size(lineage.WARNINGS) > 0)
    return rows.select(
        lineage.RECORD_ID, F.lit(entity).alias(lineage.ENTITY), lineage.WARNINGS, lineage.BATCH_ID
    )
