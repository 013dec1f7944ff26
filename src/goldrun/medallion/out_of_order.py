"""Find records that were ingested in another order than that of their key."""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.table import Table

FIRST = "_first"
LAST = "_last"


def partition_of(file: SparkColumn) -> SparkColumn:
    """Return the file of a record, or the partition of a message, as sortable text.

    Files sort by name, partitions by number.

    Args:
        file: ``file``, of a message with its offset (``kafka:topic/partition@offset``).
    """
    topic = F.substring_index(F.substring_index(file, "@", 1), "/", 1)
    number = F.regexp_extract(file, r"/(\d+)@\d+$", 1)
    partition = F.concat(topic, F.lit("/"), F.lpad(number, 10, "0"))
    return F.when(file.startswith(lineage.TOPIC_PREFIX), partition).otherwise(file)


def is_out_of_order() -> SparkColumn:
    """Return the condition that a known row of a key was ingested with or after an incoming one.

    It applies to the result of ``repeated_keys``.
    """
    return F.coalesce(F.col(LAST) >= F.col(FIRST), F.lit(False))


def records_out_of_order(
    repeated: DataFrame, records: DataFrame, duplicates: DataFrame, table: Table
) -> DataFrame:
    """Find the keys that have a stored record which was ingested with or after an incoming one.

    Args:
        repeated: Result of ``repeated_keys``.
        records: The key and ``record_id`` of the incoming and of the known rows.
        duplicates: Rows of ``silver/duplicates`` of the entity.
        table: The entity's contract.

    Returns:
        ``record_id`` of all ``records`` of these keys.
    """
    key = list(table.key)
    of_known = repeated.where(is_out_of_order()).select(*key)
    kept = records.withColumnRenamed(lineage.RECORD_ID, lineage.KEPT_RECORD_ID)
    repeats = duplicates.select(lineage.KEPT_RECORD_ID, lineage.BATCH_ID).join(
        kept, lineage.KEPT_RECORD_ID
    )
    later = repeats.join(repeated.select(*key, FIRST), key)
    of_duplicates = later.where(F.col(lineage.BATCH_ID) >= F.col(FIRST)).select(*key)
    keys = of_known.unionByName(of_duplicates).distinct()
    return records.join(keys, key, "left_semi").select(lineage.RECORD_ID)
