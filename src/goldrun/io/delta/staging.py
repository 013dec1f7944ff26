"""A folder of a lake for files that a job writes and an engine reads, until the job is done."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

_FOLDER = "_staging"


@contextlib.contextmanager
def staging(root: str, name: str) -> Iterator[Path]:
    """Yield an empty folder, and delete it at the end of the block.

    What a killed process left in it is deleted first.

    Args:
        root: The lake. If it is empty or in an object store, the folder is a temporary one, where
            ``TMPDIR`` points; a cluster's workers must share that.
        name: Name of the folder, which no other process uses, because the caller has locked the
            table that the files are read for.
    """
    lake = _local(root)
    if lake is None:
        with tempfile.TemporaryDirectory(prefix="goldrun-") as temporary:
            yield Path(temporary)
        return
    folder = lake / _FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):
            # Other tables may have files in it.
            folder.parent.rmdir()


def remove_staged(root: str) -> None:
    """Delete what killed processes left; all tables of the lake are locked."""
    if lake := _local(root):
        shutil.rmtree(lake / _FOLDER, ignore_errors=True)


def _local(root: str) -> Path | None:
    scheme, separator, path = root.partition("://")
    if not root:
        return None
    if not separator:
        return Path(root.removeprefix("file:")).resolve()
    return Path(unquote(path)).resolve() if scheme == "file" else None
