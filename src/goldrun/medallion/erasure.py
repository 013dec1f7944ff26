"""One person's records: found, emptied, counted as erased, and known again when they return."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID, CUSTOMERS
from goldrun.contracts.erasure import (
    CUSTOMER_ERASED,
    ERASED_MARK,
    ERASED_RECORD,
    INNER_PAD,
    OUTER_PAD,
    TOMBSTONE,
)
from goldrun.medallion.mapping import LINEAGE, apply_mapping, text_of
from goldrun.medallion.quarantine import ERASED
from goldrun.medallion.text import trimmed

KIND = "kind"
TEXT = "text"
SPELLINGS = "spellings"
SHARED = "shared"
PATTERN = "pattern"
TELLING = "telling"
PERSONAL = tuple(c.name for c in CUSTOMERS.columns if c.personal)

_HIS = "_his"
_SEPARATOR = "\x1f"


def hmac_sha256(text: SparkColumn) -> SparkColumn:
    """HMAC-SHA256 of a text's UTF-8 bytes as 64 hex digits; null for null.

    SHA-256(outer pad, SHA-256(inner pad, text)), as RFC 2104 has it. The pads, which are the key,
    are columns and not literals: what a query spells out is written to Spark's own logs.
    """
    inner = F.sha2(F.concat(F.col(INNER_PAD), F.encode(text, "UTF-8")), 256)
    return F.sha2(F.concat(F.col(OUTER_PAD), F.unhex(inner)), 256)


def with_tombstone(rows: DataFrame, key: DataFrame) -> DataFrame:
    """Add the ``tombstone`` that the ``customer_id`` of each row would have.

    Args:
        rows: Anything with ``customer_id``.
        key: One row, ``inner_pad`` and ``outer_pad``.
    """
    pads = F.broadcast(key.select(INNER_PAD, OUTER_PAD))
    signed = rows.crossJoin(pads).withColumn(TOMBSTONE, hmac_sha256(F.col(CUSTOMER_ID)))
    return signed.drop(INNER_PAD, OUTER_PAD)


def with_customer(
    bronze: DataFrame, expressions: Mapping[str, str], needed: Sequence[str]
) -> DataFrame:
    """Say whose each record is.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        expressions: How the source maps the entity.
        needed: File columns that the expression for ``customer_id`` reads.

    Returns:
        The rows with ``customer_id``: the mapped text, trimmed; null when there is none.
    """
    mapped = apply_mapping(bronze, {CUSTOMER_ID: expressions[CUSTOMER_ID]}, needed)
    return mapped.select(f"{LINEAGE}.*", _text(CUSTOMER_ID))


def _text(name: str) -> SparkColumn:
    return F.nullif(trimmed(F.col(name).cast(T.StringType())), F.lit("")).alias(name)


def redact(
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
    tombstones: DataFrame,
    key: DataFrame,
) -> DataFrame:
    """Empty the records of people who were erased before.

    Args:
        bronze: New rows of ``bronze/<entity>``, before they are written.
        expressions: How the source maps the entity.
        needed: File columns that the expression for ``customer_id`` reads.
        tombstones: Rows of ``ops/tombstones``.
        key: One row, ``inner_pad`` and ``outer_pad``.

    Returns:
        All the rows; those of an erased person keep id and lineage and lose their text.
    """
    erased = tombstones.select(TOMBSTONE).distinct().withColumn(_HIS, F.lit(True))
    signed = with_tombstone(with_customer(bronze, expressions, needed), key)
    known = signed.join(F.broadcast(erased), TOMBSTONE, "left")
    return _emptied(known, F.col(_HIS).isNotNull()).select(*bronze.columns)


def emptied(bronze: DataFrame) -> DataFrame:
    """Take their text from bronze rows; the single key ``ERASED_MARK`` says that it was erased."""
    return _emptied(bronze, F.lit(True))


def _emptied(bronze: DataFrame, which: SparkColumn) -> DataFrame:
    mark = F.create_map(F.lit(ERASED_MARK), F.lit("true"))
    return bronze.withColumns(
        {
            lineage.RECORD: F.when(which, mark).otherwise(F.col(lineage.RECORD)),
            lineage.MALFORMED: F.when(~which, F.col(lineage.MALFORMED)),
        }
    )


def is_erased() -> SparkColumn:
    """Whether a bronze row has lost its text to an erasure."""
    return (F.size(lineage.RECORD) == 1) & F.map_contains_key(F.col(lineage.RECORD), ERASED_MARK)


def erased_quarantine(pending: DataFrame, entity: str) -> tuple[DataFrame, DataFrame]:
    """Part the records that lost their text before they had a fate from those to be validated.

    Args:
        pending: Rows of ``bronze/<entity>`` without a fate.
        entity: Name of the entity.

    Returns:
        The rest of ``pending``, and rows of ``silver/quarantine`` in the state ``erased``.
    """
    erased = pending.where(is_erased()).withColumns(
        {lineage.REASONS: _reason(), lineage.RELEASED_AT: F.lit(None).cast(T.TimestampType())}
    )
    return pending.where(~is_erased()), _fates(erased, entity)


def fates_of_erased(bronze: DataFrame, quarantine: DataFrame, entity: str) -> DataFrame:
    """Give every record of an erased person the fate ``erased``.

    Args:
        bronze: The person's rows of ``bronze/<entity>``.
        quarantine: Rows of ``silver/quarantine``.
        entity: Name of the entity.

    Returns:
        One row of ``silver/quarantine`` a record, without its text. A record that was refused
        keeps its reasons, which are names of rules, and when it was let go.
    """
    before = quarantine.select(lineage.RECORD_ID, lineage.REASONS, lineage.RELEASED_AT)
    rows = bronze.join(before, lineage.RECORD_ID, "left")
    return _fates(rows.withColumn(lineage.REASONS, F.coalesce(lineage.REASONS, _reason())), entity)


def _reason() -> SparkColumn:
    return F.array(F.lit(CUSTOMER_ERASED))


def _fates(rows: DataFrame, entity: str) -> DataFrame:
    filled = rows.withColumns(
        {
            lineage.ENTITY: F.lit(entity),
            lineage.RECORD: F.lit(ERASED_RECORD),
            lineage.STATE: F.lit(ERASED),
        }
    )
    return filled.select(*lineage.QUARANTINE.names)


def records_naming(
    bronze: DataFrame, expressions: Mapping[str, str], needed: Sequence[str], terms: DataFrame
) -> DataFrame:
    """Find records of nobody, or of unreadable lines, that name a person.

    A term that is telling counts anywhere in them. Another one counts anywhere in a malformed
    line, whose fields can't be told apart, and otherwise only where the id should have been.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        expressions: How the source maps the entity.
        needed: File columns that the expression for ``customer_id`` reads.
        terms: ``pattern`` and ``telling``, one row a term.

    Returns:
        The ``record_id`` of each.
    """
    broken = F.col(lineage.MALFORMED).isNotNull()
    lost = with_customer(bronze, expressions, needed).where(broken | F.col(CUSTOMER_ID).isNull())
    everything = F.concat_ws(_SEPARATOR, lineage.MALFORMED, F.map_values(lineage.RECORD))
    of_id = F.concat_ws(_SEPARATOR, *[text_of(name) for name in needed])
    text = F.when(broken | F.col(TELLING), everything).otherwise(of_id)
    named = lost.crossJoin(F.broadcast(terms)).where(F.regexp_like(text, F.col(PATTERN)))
    return named.select(lineage.RECORD_ID).distinct()


def raw_customers(
    bronze: DataFrame, expressions: Mapping[str, str], needed: Sequence[str]
) -> DataFrame:
    """Personal values of customers as their files spell them.

    Args:
        bronze: Rows of ``bronze/customers``.
        expressions: How the source maps customers.
        needed: File columns that the expressions read.

    Returns:
        ``customer_id`` and the personal columns that are mapped, one row a record that fits its
        header.
    """
    names = [name for name in (CUSTOMER_ID, *PERSONAL) if name in expressions]
    fitting = bronze.where(F.col(lineage.MALFORMED).isNull())
    mapped = apply_mapping(fitting, {name: expressions[name] for name in names}, needed)
    return mapped.select(*[_text(name) for name in names])


def personal_values(customers: DataFrame) -> DataFrame:
    """Put every personal value of customers into a row of its own.

    Args:
        customers: ``customer_id`` and any of the personal columns.

    Returns:
        ``customer_id, kind, text``; kind is the name of the column.
    """
    pairs = [
        F.struct(F.lit(name).alias(KIND), F.col(name).alias(TEXT))
        for name in PERSONAL
        if name in customers.columns
    ]
    if not pairs:
        return customers.where(F.lit(False)).select(
            CUSTOMER_ID, F.lit("").alias(KIND), F.lit("").alias(TEXT)
        )
    rows = customers.select(CUSTOMER_ID, F.explode(F.array(*pairs)).alias("pair"))
    return rows.select(CUSTOMER_ID, "pair.*").where(F.col(TEXT).isNotNull())


def values_of(values: DataFrame, person: DataFrame) -> DataFrame:
    """Keep one person's values, and say which of them somebody else has too.

    Args:
        values: ``customer_id, kind, text`` of all customers.
        person: One row, ``customer_id``.

    Returns:
        ``kind, spellings, shared``, one row a value; spellings that differ in case or in spaces
        around them are the same value.
    """
    his = F.broadcast(person.select(CUSTOMER_ID).withColumn(_HIS, F.lit(True)))
    marked = values.where(F.col(CUSTOMER_ID).isNotNull()).join(his, CUSTOMER_ID, "left")
    same = F.lower(trimmed(F.col(TEXT)))
    found = marked.groupBy(KIND, same.alias("value")).agg(
        F.collect_set(F.when(F.col(_HIS), F.col(TEXT))).alias(SPELLINGS),
        F.bool_or(F.col(_HIS).isNull()).alias(SHARED),
    )
    return found.where(F.size(SPELLINGS) > 0).select(KIND, SPELLINGS, SHARED)
