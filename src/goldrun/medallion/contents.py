"""Contents of a file that was overwritten: which records the newest one has, and which are new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.medallion.bronze import record_id_of
from goldrun.medallion.erasure import is_erased, mapped_text
from goldrun.medallion.mapping import apply_mapping

NUMBER = "_number"
_TEXT = "_text"
_OLD, _NEW, _SAME, _FIRST = "_old", "_new", "_same", "_first"
_OF_NOBODY = "_of_nobody"


@dataclass(frozen=True)
class Comparison:
    """The new content of a file beside the records that bronze has of its newest content.

    Attributes:
        records: Number of records of the new content.
        stored: Number of records in bronze.
        same: Number of records that both have, each at the same place.
        first_offset: ``offset`` of the first record after as many as are stored; 0 if there is
            none.
    """

    records: int
    stored: int
    same: int
    first_offset: int

    @property
    def is_equal(self) -> bool:
        """Whether the records are the stored ones, as in a file that was compressed again."""
        return self.same == self.stored == self.records

    @property
    def is_appended(self) -> bool:
        """Whether the new content begins with the stored records and has more."""
        return self.same == self.stored < self.records

    @property
    def is_known(self) -> bool:
        """Whether the new content begins with all stored records."""
        return self.is_equal or self.is_appended

    @property
    def is_cut(self) -> bool:
        """Whether the new content has the first stored records and no other."""
        return self.same == self.records < self.stored


def numbered(rows: DataFrame) -> DataFrame:
    """Add ``NUMBER``, the number of each record in its file's content, from 1."""
    in_file = Window.partitionBy(lineage.FILE).orderBy(lineage.BATCH_ID, lineage.OFFSET)
    return rows.withColumn(NUMBER, F.row_number().over(in_file))


def compare_contents(records: DataFrame, stored: DataFrame) -> dict[str, Comparison]:
    """Compare the new contents of files with the stored ones, record by record.

    The text of a stored record that was erased is not known. It equals the record at its
    place if that record's customer is unknown, or its text is erased too.

    Args:
        records: Rows of ``bronze/<entity>`` of the whole new contents, with ``customer_id``.
        stored: Result of ``rows_of_contents`` for the same files.

    Returns:
        The comparison by file.
    """
    place = [lineage.FILE, NUMBER]
    of_nobody = is_erased() | F.col(lineage.MALFORMED).isNotNull() | F.col(CUSTOMER_ID).isNull()
    new = numbered(records).select(
        *(*place, lineage.OFFSET), _text().alias(_NEW), of_nobody.alias(_OF_NOBODY)
    )
    text = F.when(is_erased(), F.lit("")).otherwise(_text())
    old = numbered(stored).select(*place, text.alias(_OLD))
    is_same = (F.col(_NEW) == F.col(_OLD)) | ((F.col(_OLD) == "") & F.col(_OF_NOBODY))
    counted = (
        new.join(old, place, "full")
        .groupBy(lineage.FILE)
        .agg(
            F.count(_NEW).alias(_NEW),
            F.count(_OLD).alias(_OLD),
            F.count_if(is_same).alias(_SAME),
            F.min(F.when(F.col(_OLD).isNull(), F.col(lineage.OFFSET))).alias(_FIRST),
        )
    )
    names = (lineage.FILE, _NEW, _OLD, _SAME, _FIRST)
    rows = counted.select(*names).collect()
    return {row[0]: Comparison(row[1], row[2], row[3], row[4] or 0) for row in rows}


def _text() -> SparkColumn:
    """Hash of a record's text; never empty."""
    record = F.to_json(lineage.RECORD)
    return F.sha2(F.concat_ws("\x1f", record, F.col(lineage.MALFORMED)), 256)


def keys_gone(
    records: DataFrame,
    stored: DataFrame,
    key: str,
    mapping: EntityMapping,
    needed: Sequence[str],
    zone: str | None,
) -> dict[str, int]:
    """Count the keys of the stored contents of files that the new contents do not have.

    Args:
        records: Rows of ``bronze/<entity>`` of the whole new contents.
        stored: Result of ``rows_of_contents`` for the same files.
        key: Column of the entity's key.
        mapping: How the source maps the entity.
        needed: File columns that the expression of the key reads.
        zone: The source's time zone.

    Returns:
        Number of keys by file; only of files with such keys.
    """

    def keys(rows: DataFrame) -> DataFrame:
        readable = rows.where(F.col(lineage.MALFORMED).isNull() & ~is_erased())
        of_key = {key: mapping.columns[key]}
        mapped = apply_mapping(readable, of_key, needed, zone, mapping.no_value)
        file = F.col(f"{lineage.LINEAGE}.{lineage.FILE}").alias(lineage.FILE)
        return mapped.select(file, mapped_text(key)).where(F.col(key).isNotNull()).distinct()

    gone = keys(stored).join(keys(records), [lineage.FILE, key], "left_anti")
    counted = gone.groupBy(lineage.FILE).agg(F.count("*").alias(_OLD))
    return {row[lineage.FILE]: row[_OLD] for row in counted.collect()}


def since(records: DataFrame, first: Mapping[str, int]) -> DataFrame:
    """Leave out the records of some files that come before an offset.

    Args:
        records: Rows of ``bronze/<entity>``.
        first: First offset that stays, by file; files that are not in it stay whole.
    """
    if not first:
        return records
    pairs = pd.DataFrame(list(first.items()), columns=[lineage.FILE, _FIRST])
    frame = records.sparkSession.createDataFrame(pairs)
    joined = records.join(F.broadcast(frame), lineage.FILE, "left")
    kept = F.col(lineage.OFFSET) >= F.coalesce(F.col(_FIRST), F.lit(0))
    return joined.where(kept).select(*records.columns)


def with_ids_of_batch(records: DataFrame, files: Sequence[str]) -> DataFrame:
    """Assign ids by ingestion to the records of a file that has an earlier content again.

    Ids are made of the place and the bytes of a file, which are equal to those of the content that
    it had before the one in between.

    Args:
        records: Rows of ``bronze/<entity>``.
        files: Files whose bytes are those of an earlier content.
    """
    if not files:
        return records
    other = record_id_of(F.col(lineage.RECORD_ID), F.col(lineage.BATCH_ID))
    of_batch = F.when(F.col(lineage.FILE).isin(list(files)), other)
    return records.withColumn(lineage.RECORD_ID, F.coalesce(of_batch, lineage.RECORD_ID))
