"""Delta tables written by Spark."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts.table import Table
from goldrun.io.delta.properties import CHANGE_FEED, named, properties
from goldrun.io.engines.base import NEW, OLD, Origin
from goldrun.io.engines.spark.staged_write import SparkStagedWrite


class SparkTables:
    """See ``Tables``."""

    rows_at_once: int | None = None

    def __init__(self, spark: SparkSession) -> None:
        """Write with a session that has Delta Lake."""
        self._spark = spark

    def exists(self, path: str) -> bool:
        """See ``Tables``."""
        return bool(DeltaTable.isDeltaTable(self._spark, path))

    def version(self, path: str) -> int:
        """See ``Tables``."""
        newest = self._spark.sql(f"DESCRIBE HISTORY {named(path)} LIMIT 1")
        return int(newest.collect()[0]["version"])

    def origin(self, path: str) -> Origin:
        """See ``Tables``."""
        # In microseconds: as a time it would be collected in this machine's zone.
        detail = self._spark.sql(f"DESCRIBE DETAIL {named(path)}")
        told = detail.select("id", F.unix_micros("createdAt").alias("created")).collect()[0]
        made = told["created"]
        return Origin(told["id"], None if made is None else datetime.fromtimestamp(made / 1e6, UTC))

    def read(self, path: str, version: int | None) -> DataFrame:
        """See ``Tables``."""
        reader = self._spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(path)

    def create(self, path: str, table: Table) -> None:
        """See ``Tables``."""
        builder = DeltaTable.createIfNotExists(self._spark).location(path)
        builder = builder.addColumns(table.schema)
        if table.clustered_by:
            builder = builder.clusterBy(*table.clustered_by)
        for key, value in properties(table).items():
            builder = builder.property(key, value)
        builder.execute()

    @contextlib.contextmanager
    def stage(
        self, path: str, table: Table, rows: Sequence[DataFrame], *, reused: bool = False
    ) -> Iterator[SparkStagedWrite]:
        """See ``Tables``."""
        whole = reduce(DataFrame.unionByName, rows)
        if reused:
            whole.persist()
        try:
            # What replaces rows is laid out anew; what comes beside them OPTIMIZE will see to.
            yield SparkStagedWrite(self._spark, path, table, whole, sort=reused)
        finally:
            if reused:
                whole.unpersist()

    def delete_rows(self, path: str, keys: DataFrame) -> None:
        """See ``Tables``."""
        # A MERGE, because the log keeps the words of a DELETE's condition.
        same = " AND ".join(f"{OLD}.`{name}` = {NEW}.`{name}`" for name in keys.columns)
        target = DeltaTable.forPath(self._spark, path).alias(OLD)
        target.merge(keys.alias(NEW), same).whenMatchedDelete().execute()

    def compact(self, path: str, table: Table) -> None:
        """See ``Tables``."""
        optimizer = DeltaTable.forPath(self._spark, path).optimize()
        if table.z_ordered_by:
            optimizer.executeZOrderBy(*table.z_ordered_by)
        else:
            optimizer.executeCompaction()

    def read_changes(self, path: str, since: int) -> DataFrame:
        """See ``Tables``."""
        reader = self._spark.read.format("delta").option("readChangeFeed", "true")
        return reader.option("startingVersion", since + 1).load(path)

    def has_change_feed(self, path: str) -> bool:
        """See ``Tables``."""
        detail = self._spark.sql(f"DESCRIBE DETAIL {named(path)}").collect()[0]
        return bool(detail["properties"].get(CHANGE_FEED) == "true")

    def enable_change_feed(self, path: str) -> None:
        """See ``Tables``."""
        kept = f"'{CHANGE_FEED}' = 'true'"
        self._spark.sql(f"ALTER TABLE {named(path)} SET TBLPROPERTIES ({kept})")
