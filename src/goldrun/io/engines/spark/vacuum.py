"""Removal of all but the newest version of Delta tables, by Spark."""

import contextlib
from collections.abc import Iterator, Mapping

from pyspark.sql import SparkSession

from goldrun.io.delta.properties import named

_CHECKPOINT_INTERVAL = "delta.checkpointInterval"
_VACUUM_SETTINGS = {
    # Safe because the tables are locked: no writer has files that are not committed yet.
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    # Spark lists folders in 10,000 tasks otherwise.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
}


def rewrite_deleted(session: SparkSession, path: str) -> bool:
    """See ``Tables.rewrite_deleted``: of a table with deletion vectors, all files are rewritten."""
    detail = session.sql(f"DESCRIBE DETAIL {named(path)}").collect()[0]
    if "deletionVectors" not in (detail["tableFeatures"] or []):
        return False
    # As a whole, because REORG ... APPLY (PURGE) skips files that are clustered.
    rows = session.read.format("delta").load(path).write.format("delta").mode("overwrite")
    rows.option("dataChange", "false").save(path)
    return True


def vacuum(session: SparkSession, path: str) -> None:
    """See ``Tables.vacuum``."""
    with _settings(session, _VACUUM_SETTINGS):
        session.sql(f"VACUUM {named(path)} RETAIN 0 HOURS")


@contextlib.contextmanager
def checkpointed(session: SparkSession, path: str) -> Iterator[None]:
    """See ``Tables.checkpointed``."""
    at = named(path)
    properties = session.sql(f"DESCRIBE DETAIL {at}").collect()[0]["properties"]
    interval = properties.get(_CHECKPOINT_INTERVAL, "1")
    # Delta has no statement for a checkpoint; with this interval the commit itself writes one.
    session.sql(f"ALTER TABLE {at} SET TBLPROPERTIES ('{_CHECKPOINT_INTERVAL}' = '1')")
    yield
    if interval == "1":
        # The table has no interval of its own, or an interrupted purge has set this one.
        session.sql(f"ALTER TABLE {at} UNSET TBLPROPERTIES ('{_CHECKPOINT_INTERVAL}')")
    else:
        session.sql(f"ALTER TABLE {at} SET TBLPROPERTIES ('{_CHECKPOINT_INTERVAL}' = '{interval}')")


@contextlib.contextmanager
def _settings(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Change settings of the session within the context, and restore them at its end."""
    before = {key: spark.conf.get(key, None) for key in settings}
    try:
        for key, value in settings.items():
            spark.conf.set(key, value)
        yield
    finally:
        for key, old in before.items():
            if old is None:
                spark.conf.unset(key)
            else:
                spark.conf.set(key, old)
