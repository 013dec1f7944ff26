"""What deleting rows leaves behind is removed: old files, change data, the log's past, parameters.

All of it is for lakes on a local or mounted disk, and goes on while the tables are locked.
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
FORGOTTEN = "(erased)"
_VERSION = re.compile(r"\.?(\d{20})\.")
_SQLITE = "sqlite:///"
_EVERY_COMMIT = "delta.checkpointInterval"
_TO_THE_LAST = {
    # Safe because the locks keep writers away: nobody has files that are not committed yet.
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    # Spark lists folders in 10,000 tasks otherwise.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
}


def local_folder(root: str) -> Path:
    """The lake's folder; ErasureError when it is not on a local or mounted disk."""
    place = urlparse(root)
    if place.scheme not in {"", "file"}:
        raise ErasureError(
            f"{root}: an erasure removes old log files, which goldrun does on mounted disks only; "
            "nothing was changed: mount the lake and give its folder with --lake"
        )
    return Path(place.path)


def tables_in(folder: Path) -> list[str]:
    """Every Delta table in a lake's folder, as ``layer/name``."""
    return sorted(
        f"{log.parent.parent.name}/{log.parent.name}" for log in folder.glob(f"*/*/{LOG}")
    )


def purge(lake: Lake, table: str) -> None:
    """Leave nothing of a table but its newest version: no older file, row or statistic.

    Rows behind deletion vectors are written out of their files, files that the newest version
    does not name are removed, with all change data, and the log begins with a checkpoint of that
    version. Its number goes on; older versions can't be read again. What a stop leaves undone is
    done by the next call, and a table without a past is left alone.

    Args:
        lake: A lake on a local or mounted disk, whose tables the caller has locked.
        table: ``layer/name``.

    Raises:
        ErasureError: Delta made no checkpoint of the newest version.
    """
    spark, at, log = lake.session, named(lake.path(table)), _log(lake, table)
    detail = spark.sql(f"DESCRIBE DETAIL {at}").collect()[0]
    if "deletionVectors" in (detail["tableFeatures"] or []):
        # REORG ... APPLY (PURGE) passes over files of a clustered table that are clustered already.
        rows = lake.read(table).write.format("delta").mode("overwrite")
        rows.option("dataChange", "false").save(lake.path(table))
    elif _checkpointed(log) >= lake.version(table) - 1 and not leftovers(lake, table):
        return
    if _unnamed_files(lake, table):
        with _settings(spark, _TO_THE_LAST):
            spark.sql(f"VACUUM {at} RETAIN 0 HOURS")
    before = detail["properties"].get(_EVERY_COMMIT, "1")
    # Delta has no statement for a checkpoint; this commit makes one of itself.
    spark.sql(f"ALTER TABLE {at} SET TBLPROPERTIES ('{_EVERY_COMMIT}' = '1')")
    _forget_versions_before(log, lake.version(table))
    if before == "1":
        # Not set before, or by a purge that was stopped.
        spark.sql(f"ALTER TABLE {at} UNSET TBLPROPERTIES ('{_EVERY_COMMIT}')")
    else:
        spark.sql(f"ALTER TABLE {at} SET TBLPROPERTIES ('{_EVERY_COMMIT}' = '{before}')")


def _log(lake: Lake, table: str) -> Path:
    return local_folder(lake.path(table)).resolve() / LOG


def _checkpointed(log: Path) -> int:
    """Version of the newest checkpoint; -1 before the first one."""
    pointer = log / "_last_checkpoint"
    return int(json.loads(pointer.read_text())["version"]) if pointer.is_file() else -1


def _forget_versions_before(log: Path, version: int) -> None:
    if (checkpoint := _checkpointed(log)) != version:
        raise ErasureError(
            f"{log}: the newest checkpoint is of version {checkpoint}, not {version}; older "
            "versions are still there: run erase again"
        )
    for file in _older_than(log, version):
        file.unlink()


def _older_than(log: Path, version: int) -> list[Path]:
    numbered = ((file, _VERSION.match(file.name)) for file in log.rglob("*"))
    return [file for file, found in numbered if found and int(found[1]) < version]


def leftovers(lake: Lake, table: str) -> list[Path]:
    """Files in a table's folder that its newest version does not need; none after ``purge``."""
    # A purge ends with a checkpoint, and the commit after it that sets the interval back.
    first = lake.version(table) - 1
    return sorted(_unnamed_files(lake, table) + _older_than(_log(lake, table), first))


def _unnamed_files(lake: Lake, table: str) -> list[Path]:
    folder = _log(lake, table).parent
    named = {Path(unquote(urlparse(uri).path)).resolve() for uri in lake.read(table).inputFiles()}
    sums = {file.with_name(f".{file.name}.crc") for file in named}
    files = {file for file in folder.rglob("*") if file.is_file() and LOG not in file.parts}
    return list(files - named - sums)


def forget_parameter(store: str, run_params: Mapping[str, str], name: str, value: str) -> None:
    """Take a parameter's value out of MLflow, which logs what ``-P`` gives and never changes it.

    Args:
        store: URI of the tracking store.
        run_params: Parameters of the active run.
        name: Name of the parameter.
        value: Its value; it is replaced by ``FORGOTTEN`` in every run that has it.

    Raises:
        ErasureError: The store is not SQLite and the run has the value.
    """
    if not store.startswith(_SQLITE):
        if run_params.get(name) == value:
            raise ErasureError(
                f"MLflow ({store}) has kept -P {name} with the run, and goldrun can't take it out "
                "of this kind of store; nothing was changed: remove the run for good (mlflow gc), "
                "then run PYTHONPATH=src:. python pipelines/erase.py itself"
            )
        return
    file = store.removeprefix(_SQLITE).partition("?")[0]
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as database:
        # Overwrites what it frees, so that no page of the file still has the value.
        database.execute("PRAGMA secure_delete = ON")
        changed = database.execute(
            "UPDATE params SET value = ? WHERE key = ? AND value = ?", (FORGOTTEN, name, value)
        ).rowcount
        database.commit()
        if changed:
            # Without the pages between which SQLite has moved the row in the past.
            database.execute("VACUUM")


@contextlib.contextmanager
def _settings(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Change settings of the session for a moment."""
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
