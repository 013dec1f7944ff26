"""Empty the records of erased persons, give them the fate ``erased``, and recognise new ones."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.erasure import (
    CUSTOMER_ERASED,
    ERASED_MARK,
    ERASED_RECORD,
    INNER_PAD,
    OUTER_PAD,
    TOMBSTONE,
)
from goldrun.medallion.mapping import LINEAGE, apply_mapping
from goldrun.medallion.quarantine import ERASED
from goldrun.medallion.text import trimmed

_IS_ERASED = "_is_erased"


def hmac_sha256(text: SparkColumn) -> SparkColumn:
    """Compute HMAC-SHA256 of a text's UTF-8 bytes as 64 hex digits; null for null.

    It is SHA-256(outer pad, SHA-256(inner pad, text)), see RFC 2104. The pads, which contain the
    key, are columns and not literals, because Spark logs the literals of a query.
    """
    inner = F.sha2(F.concat(F.col(INNER_PAD), F.encode(text, "UTF-8")), 256)
    return F.sha2(F.concat(F.col(OUTER_PAD), F.unhex(inner)), 256)


def with_tombstone(rows: DataFrame, key: DataFrame) -> DataFrame:
    """Add the ``tombstone`` of the ``customer_id`` of each row.

    Args:
        rows: Rows with ``customer_id``.
        key: One row, ``inner_pad`` and ``outer_pad``.
    """
    pads = F.broadcast(key.select(INNER_PAD, OUTER_PAD))
    signed = rows.crossJoin(pads).withColumn(TOMBSTONE, hmac_sha256(F.col(CUSTOMER_ID)))
    return signed.drop(INNER_PAD, OUTER_PAD)


def with_customer(
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
    no_value: Sequence[str] = (),
) -> DataFrame:
    """Add the id of each record's customer.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        expressions: How the source maps the entity.
        needed: File columns that the expression for ``customer_id`` reads.
        no_value: Texts of the source that are no value.

    Returns:
        The rows with ``customer_id``: the mapped text, trimmed; null when there is none.
    """
    of_id = {CUSTOMER_ID: expressions[CUSTOMER_ID]}
    mapped = apply_mapping(bronze, of_id, needed, no_value=no_value)
    return mapped.select(f"{LINEAGE}.*", mapped_text(CUSTOMER_ID))


def mapped_text(name: str) -> SparkColumn:
    """Return a mapped column as trimmed text; null if it is empty."""
    return F.nullif(trimmed(F.col(name).cast(T.StringType())), F.lit("")).alias(name)


def redact(
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
    tombstones: DataFrame,
    key: DataFrame,
    no_value: Sequence[str] = (),
) -> DataFrame:
    """Remove the text of the records of erased persons.

    Args:
        bronze: New rows of ``bronze/<entity>``, before they are written.
        expressions: How the source maps the entity.
        needed: File columns that the expression for ``customer_id`` reads.
        tombstones: Rows of ``ops/tombstones``.
        key: One row, ``inner_pad`` and ``outer_pad``.
        no_value: Texts of the source that are no value.

    Returns:
        All rows; rows of an erased person have their id and lineage, and no text.
    """
    erased = tombstones.select(TOMBSTONE).distinct().withColumn(_IS_ERASED, F.lit(True))
    signed = with_tombstone(with_customer(bronze, expressions, needed, no_value), key)
    known = signed.join(F.broadcast(erased), TOMBSTONE, "left")
    return _emptied(known, F.col(_IS_ERASED).isNotNull()).select(*bronze.columns)


def emptied_again(
    records: DataFrame,
    stored: DataFrame,
    place: Sequence[str] = (lineage.FINGERPRINT, lineage.OFFSET),
) -> DataFrame:
    """Remove the text of records that is erased at the same place of the same file.

    Args:
        records: Rows of ``bronze/<entity>``, of files that were read again.
        stored: Rows of ``bronze/<entity>`` from before.
        place: Columns of both that identify a record.

    Returns:
        All rows of ``records``. The text of malformed lines of an erased person, for example, is
        not recognised by the person's id.
    """
    erased = stored.where(is_erased()).select(*place).distinct().withColumn(_IS_ERASED, F.lit(True))
    known = records.join(erased, list(place), "left")
    return _emptied(known, F.col(_IS_ERASED).isNotNull()).select(*records.columns)


def emptied(bronze: DataFrame) -> DataFrame:
    """Remove the text of bronze rows; the single key ``ERASED_MARK`` shows that it was erased."""
    return _emptied(bronze, F.lit(True))


def _emptied(bronze: DataFrame, which: SparkColumn) -> DataFrame:
    # Of the stored type, whose values may be null: Sail can't read others as such.
    value = F.when(F.col(lineage.RECORD_ID).isNotNull(), F.lit("true"))
    mark = F.create_map(F.lit(ERASED_MARK), value)
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
    """Separate the records whose text was erased before they had a fate from the other records.

    Args:
        pending: Rows of ``bronze/<entity>`` without a fate.
        entity: Name of the entity.

    Returns:
        The other rows of ``pending``, and rows of ``silver/quarantine`` in the state ``erased``.
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
        One row of ``silver/quarantine`` a record, without its text. A rejected record keeps its
        reasons and the time of its release.
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
