"""Silver: typed rows that keep every rule, and the refused ones with their reasons."""

from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts import table as C
from goldrun.contracts.source import EntityMapping
from goldrun.contracts.table import Severity, Table
from goldrun.medallion.mapping import LINEAGE, apply_mapping
from goldrun.medallion.parse import parse

OPEN = "open"
_EXACT = {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX"}
_LINEAGE = (L.RECORD_ID, L.SOURCE, L.FILE, L.INGESTED_AT, L.BATCH_ID)


@dataclass(frozen=True)
class Refined:
    """What became of a batch of records, before keys are compared.

    Attributes:
        accepted: Columns of the entity plus its lineage (``silver_table``); keys may repeat.
        quarantine: Rows of ``silver/quarantine``.
    """

    accepted: DataFrame
    quarantine: DataFrame


def judge(
    bronze: DataFrame,
    mapping: EntityMapping,
    needed: list[str],
    table: Table,
    timezone: str | None,
) -> DataFrame:
    """Type every record and name everything that is wrong with it, in one pass.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        mapping: How the source maps the entity.
        needed: File columns that the mapping reads.
        table: The entity's contract.
        timezone: Zone of times that carry none.

    Returns:
        One row a record: the contract's columns, the lineage columns, ``reasons``, the names of
        the rejecting rules that it breaks (empty for a good row), and ``record``, the raw record
        as JSON (null for a good row, whose text bronze keeps).
    """
    frame = apply_mapping(bronze, mapping.columns, needed)
    mapped = [table.column(name) for name in mapping.columns]
    parsed = {c.name: parse(frame, c, timezone, mapping.timestamp_format) for c in mapped}
    faults: dict[str, SparkColumn] = {
        C.RECORD_MALFORMED: F.col(f"{LINEAGE}.{L.MALFORMED}").isNotNull(),
        C.RECORD_UNDECODABLE: F.exists(
            F.map_values(F.col(f"{LINEAGE}.{L.RECORD}")), lambda text: text.contains("\ufffd")
        ),
    }
    for one in parsed.values():
        faults |= one.faults
    lineage = [F.col(f"{LINEAGE}.{name}").alias(name) for name in (*_LINEAGE, L.RECORD)]
    typed = frame.select(
        *lineage,
        *[one.value.alias(name) for name, one in parsed.items()],
        _names_of(faults).alias(L.REASONS),
    )
    complete = _with_defaults(typed, table)
    told = complete.withColumn(L.REASONS, F.concat(L.REASONS, _names_of(_broken(table))))
    # A default that can't be computed has the fault of what it is computed from, told already.
    unfilled = {
        C.missing(c): F.col(c.name).isNull() & (F.size(L.REASONS) == 0)
        for c in table.columns
        if c.required and c.default is not None
    }
    judged = told.withColumn(L.REASONS, F.concat(L.REASONS, _names_of(unfilled)))
    # Good rows are many and are kept in memory for a while: they do not carry their text along.
    raw = F.when(F.size(L.REASONS) > 0, F.to_json(L.RECORD)).alias(L.RECORD)
    return judged.select(*table.names, *_LINEAGE, L.REASONS, raw)


def _with_defaults(typed: DataFrame, table: Table) -> DataFrame:
    for c in table.columns:
        if c.name not in typed.columns:
            typed = typed.withColumn(c.name, F.expr(c.default or "null").cast(c.type))
        elif c.default is not None:
            typed = typed.withColumn(c.name, F.coalesce(c.name, F.expr(c.default).cast(c.type)))
    return typed


def _broken(table: Table) -> dict[str, SparkColumn]:
    broken: dict[str, SparkColumn] = {}
    for c in table.columns:
        # A value that is there but unreadable has its own reason, so it is not missing as well.
        if c.required and c.default is None:
            unreadable = F.array_contains(L.REASONS, C.unparsed(c)) | F.array_contains(
                L.REASONS, C.without_zone(c)
            )
            broken[C.missing(c)] = F.col(c.name).isNull() & ~unreadable
        if c.allowed:
            broken[C.not_allowed(c)] = ~F.col(c.name).isin(*c.allowed)
    rejecting = (rule for rule in table.rules if rule.severity is Severity.REJECT)
    return broken | {rule.name: ~F.expr(rule.holds) for rule in rejecting}


def _names_of(conditions: dict[str, SparkColumn]) -> SparkColumn:
    """Names whose condition is true; a null condition counts as not broken."""
    return F.array_compact(F.array(*[F.when(is_so, F.lit(n)) for n, is_so in conditions.items()]))


def refine(judged: DataFrame, entity: str, table: Table) -> Refined:
    """Part judged records into accepted rows and quarantine.

    Args:
        judged: Result of ``judge``.
        entity: Name of the entity.
        table: Its contract.

    Returns:
        The two parts; together they have each record exactly once.
    """
    good = F.size(L.REASONS) == 0
    content = F.sha2(F.to_json(F.struct(*table.names), _EXACT), 256)
    accepted = judged.where(good).select(
        *table.names, L.RECORD_ID, content.alias(L.CONTENT_HASH), L.SOURCE, L.BATCH_ID
    )
    quarantine = judged.where(~good).select(
        L.RECORD_ID,
        F.lit(entity).alias(L.ENTITY),
        L.RECORD,
        L.REASONS,
        F.lit(OPEN).alias(L.STATE),
        L.SOURCE,
        L.FILE,
        L.INGESTED_AT,
        L.BATCH_ID,
        F.lit(None).cast("timestamp").alias(L.RELEASED_AT),
    )
    return Refined(accepted, quarantine)
