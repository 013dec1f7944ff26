"""Remove old data files, change data, old log entries and MLflow parameters after a deletion.

The functions need a lake on a local or mounted disk, and tables that the caller has locked.
"""

import contextlib
import json
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

from goldrun.errors import ErasureError
from goldrun.io.delta.lake import Lake

LOG = "_delta_log"
ERASED_VALUE = "(erased)"
_VERSION = re.compile(r"\.?(\d{20})\.")
_SQLITE = "sqlite:///"


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
    tables, path = lake.engine.tables, lake.path(table)
    if not tables.rewrite_deleted(path) and _is_purged(lake, table):
        return
    if _unreferenced_files(lake, table):
        tables.vacuum(path)
    with tables.checkpointed(path):
        _remove_log_before(_log(lake, table), lake.version(table))


def _is_purged(lake: Lake, table: str) -> bool:
    """Whether the log begins with a checkpoint of the last data, and no older file is left."""
    # A commit that restores a setting may follow the checkpoint.
    newest = lake.version(table) - 1
    return _checkpointed(_log(lake, table)) >= newest and not leftovers(lake, table)


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
    # A purge ends with a checkpoint and at most one commit after it, which restores a setting.
    first = lake.version(table) - 1
    return sorted(_unreferenced_files(lake, table) + _log_files_before(_log(lake, table), first))


def _unreferenced_files(lake: Lake, table: str) -> list[Path]:
    folder = _log(lake, table).parent
    known = {file.resolve() for file in lake.engine.tables.data_files(lake.path(table))}
    sums = {file.with_name(f".{file.name}.crc") for file in known}
    files = {file for file in folder.rglob("*") if file.is_file() and LOG not in file.parts}
    return list(files - known - sums)


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
