"""One writer a table on a local disk: readers never wait, a second writer is told at once."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlparse

from filelock import FileLock, Timeout

from goldrun.errors import LakeBusyError


@contextlib.contextmanager
def writing(root: str, tables: Sequence[str], wait_seconds: float = 5) -> Iterator[None]:
    """Hold the locks of some tables, taken in the order of their names.

    Delta's commits on a local disk are safe against other threads but not against other
    processes, so the whole read-decide-write of a step is held. Object stores have no lock here:
    there Delta's own log store decides.

    Args:
        root: The lake.
        tables: Tables about to be written.
        wait_seconds: How long to wait for another writer.

    Raises:
        LakeBusyError: Another process holds one of them.
    """
    if urlparse(root).scheme not in {"", "file"}:
        yield
        return
    with contextlib.ExitStack() as held:
        for table in sorted(tables):
            _hold(held, root, table, wait_seconds)
        yield


def _hold(held: contextlib.ExitStack, root: str, table: str, wait_seconds: float) -> None:
    layer, name = table.split("/")
    path = Path(urlparse(root).path) / layer / f".{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        held.enter_context(lock.acquire(timeout=wait_seconds))
    except Timeout as error:
        owner = path.with_suffix(".owner")
        who = f" (process {owner.read_text()})" if owner.is_file() else ""
        raise LakeBusyError(
            f"{root}: another process{who} is writing {table}; wait for it to end, or use "
            "another lake"
        ) from error
    path.with_suffix(".owner").write_text(str(os.getpid()))
