"""Remove old data files, change data, old log entries and MLflow parameters after a deletion.

The functions need a lake on a local or mounted disk, and tables that the caller has locked.
"""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse

from pyspark.sql import SparkSession

from goldrun.errors import ErasureError
from goldrun.io.delta.lake import Lake
from goldrun.io.delta.properties import named

LOG = "_delta_log"
ERASED_VALUE = "(erased)"
_VERSION = re.compile(r"\.?(\d{20})\.")
_SQLITE = "sqlite:///"
_CHECKPOINT_INTERVAL = "delta.checkpointInterval"
_VACUUM_SETTINGS = {
    # Safe because the tables are locked: no writer has files that are not committed yet.
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    # Spark lists folders in 10,000 tasks otherwise.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
}


def local_folder(root: str) -> Path:
    """Return the lake's folder; ErasureError if it is not on a local or mounted disk."""
    place = urlparse(root)
    if place.scheme not in {"", "file"}:
        raise ErasureError(
            f"{root}: an erasure removes old log files, which goldrun does on mounted disks only; "
            "nothing was changed: mount the lake and give its folder with --lake"
        )
    return Path(place.path)


def tables_in(folder: Path) -> list[str]:
    """List the Delta tables in a lake's folder, as ``layer/name``."""
    return sorted(
        f"{log.parent.parent.name}/{log.parent.name}" for log in folder.glob(f"*/*/{LOG}")
    )


def purge(lake: Lake, table: str) -> None:
    """Remove everything of a table but its newest version: older files, rows and statistics.

    Files with deletion vectors are rewritten without the deleted rows. Files that are not part of
    the newest version are removed, with all change data, and the log begins with a checkpoint of
    that version. Version numbers continue; older versions can't be read any more. A call after an
    interrupted one completes it. A table without older versions and deletion vectors is not
    changed.

    Args:
        lake: A lake on a local or mounted disk, whose tables the caller has locked.
        table: ``layer/name``.

    Raises:
        ErasureError: Delta created no checkpoint of the newest version.
    """
    spark, at = lake.session, named(lake.path(table))
    detail = spark.sql(f"DESCRIBE DETAIL {at}").collect()[0]
    if "deletionVectors" in (detail["tableFeatures"] or []):
        # Rewritten as a whole, because REORG ... APPLY (PURGE) skips files that are clustered.
        rows = lake.read(table).write.format("delta").mode("overwrite")
        rows.option("dataChange", "false").save(lake.path(table))
    elif _is_purged(lake, table):
        return
    if _unreferenced_files(lake, table):
        with _settings(spark, _VACUUM_SETTINGS):
            spark.sql(f"VACUUM {at} RETAIN 0 HOURS")
    _truncate_log(lake, table, detail["properties"].get(_CHECKPOINT_INTERVAL, "1"))


def _is_purged(lake: Lake, table: str) -> bool:
    """Whether the log begins with a checkpoint of the last data, and no older file is left."""
    # The commit that restores the checkpoint interval follows the checkpoint.
    newest = lake.version(table) - 1
    return _checkpointed(_log(lake, table)) >= newest and not leftovers(lake, table)


def _truncate_log(lake: Lake, table: str, interval: str) -> None:
    """Write a checkpoint of the newest version, and remove the log entries before it.

    Args:
        lake: The lake.
        table: ``layer/name``.
        interval: The table's checkpoint interval, which is restored afterwards.
    """
    spark, at = lake.session, named(lake.path(table))
    # Delta has no statement for a checkpoint; with this interval the commit itself writes one.
    spark.sql(f"ALTER TABLE {at} SET TBLPROPERTIES ('{_CHECKPOINT_INTERVAL}' = '1')")
    _remove_log_before(_log(lake, table), lake.version(table))
    if interval == "1":
        # The table has no interval of its own, or an interrupted purge has set this one.
        spark.sql(f"ALTER TABLE {at} UNSET TBLPROPERTIES ('{_CHECKPOINT_INTERVAL}')")
    else:
        spark.sql(f"ALTER TABLE {at} SET TBLPROPERTIES ('{_CHECKPOINT_INTERVAL}' = '{interval}')")


def _log(lake: Lake, table: str) -> Path:
    return local_folder(lake.path(table)).resolve() / LOG


def _checkpointed(log: Path) -> int:
    """Return the version of the newest checkpoint; -1 if there is none."""
    pointer = log / "_last_checkpoint"
    return int(json.loads(pointer.read_text())["version"]) if pointer.is_file() else -1


def _remove_log_before(log: Path, version: int) -> None:
    if (checkpoint := _checkpointed(log)) != version:
        raise ErasureError(
            f"{log}: the newest checkpoint is of version {checkpoint}, not {version}; older "
            "versions are not removed: run erase again"
        )
    for file in _log_files_before(log, version):
        file.unlink()


def _log_files_before(log: Path, version: int) -> list[Path]:
    numbered = ((file, _VERSION.match(file.name)) for file in log.rglob("*"))
    return [file for file, found in numbered if found and int(found[1]) < version]


def leftovers(lake: Lake, table: str) -> list[Path]:
    """List files in a table's folder that its newest version does not need; none after purge."""
    # A purge ends with a checkpoint and one commit after it, which restores the interval.
    first = lake.version(table) - 1
    return sorted(_unreferenced_files(lake, table) + _log_files_before(_log(lake, table), first))


def _unreferenced_files(lake: Lake, table: str) -> list[Path]:
    folder = _log(lake, table).parent
    named = {Path(unquote(urlparse(uri).path)).resolve() for uri in lake.read(table).inputFiles()}
    sums = {file.with_name(f".{file.name}.crc") for file in named}
    files = {file for file in folder.rglob("*") if file.is_file() and LOG not in file.parts}
    return list(files - named - sums)


def forget_parameter(store: str, run_params: Mapping[str, str], name: str, value: str) -> None:
    """Remove a parameter's value from MLflow, which logs the values of ``-P`` unchanged.

    Args:
        store: URI of the tracking store.
        run_params: Parameters of the active run.
        name: Name of the parameter.
        value: Its value; it is replaced by ``ERASED_VALUE`` in every run that has it.

    Raises:
        ErasureError: The store is not SQLite and the run has the value.
    """
    if not store.startswith(_SQLITE):
        if run_params.get(name) == value:
            raise ErasureError(
                f"MLflow ({store}) has logged -P {name} with the run, and goldrun can't remove it "
                "from this kind of store; nothing was changed: delete the run (mlflow gc), "
                "then run PYTHONPATH=src:. python pipelines/erase.py without mlflow run"
            )
        return
    file = store.removeprefix(_SQLITE).partition("?")[0]
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as database:
        # SQLite overwrites freed space with zeros, so that no page of the file has the value.
        database.execute("PRAGMA secure_delete = ON")
        changed = database.execute(
            "UPDATE params SET value = ? WHERE key = ? AND value = ?", (ERASED_VALUE, name, value)
        ).rowcount
        database.commit()
        if changed:
            # Removes free pages, which may hold earlier copies of the row.
            database.execute("VACUUM")


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
