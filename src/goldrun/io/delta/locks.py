"""One writing process a table on a local disk: readers never wait, a second writer is told."""

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlparse

from filelock import FileLock, Timeout

from goldrun.errors import LakeBusyError


class Locks:
    """The locks of one lake that this process holds, shared by its threads.

    Delta's commits on a local disk are safe against other threads but not against other
    processes, so the whole read-decide-write of a step is held. Object stores have no lock here:
    there Delta's own log store decides.
    """

    def __init__(self, root: str, wait_seconds: float = 5, *, here: bool = True) -> None:
        """Hold nothing yet.

        Args:
            root: The lake.
            wait_seconds: How long to wait for another process.
            here: Whether this machine writes; of a server's disk nothing can be held from here.
        """
        self._root = root
        self._here = here
        self._wait_seconds = wait_seconds
        self._held: dict[str, tuple[FileLock, int]] = {}
        self._changing = threading.Lock()
        self._taking: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @property
    def keep_others_out(self) -> bool:
        """Whether what is held is held against other processes too: on a disk it is."""
        return self._here and urlparse(self._root).scheme in {"", "file"}

    def patient(self, wait_seconds: float) -> None:
        """Wait for other processes as long as this from now on."""
        self._wait_seconds = wait_seconds

    @contextlib.contextmanager
    def held(self, tables: Sequence[str], wait_seconds: float | None = None) -> Iterator[None]:
        """Hold the locks of some tables, taken in the order of their names.

        Args:
            tables: Their names.
            wait_seconds: How long to wait for another process; as long as always when None.

        Raises:
            LakeBusyError: Another process holds one of them.
        """
        if not self.keep_others_out:
            yield
            return
        wait = self._wait_seconds if wait_seconds is None else wait_seconds
        with contextlib.ExitStack() as stack:
            for table in sorted(set(tables)):
                self._take(table, wait)
                stack.callback(self._leave, table)
            yield

    def _take(self, table: str, wait_seconds: float) -> None:
        with self._changing:
            taking = self._taking[table]
        # Who waits for another process keeps only those waiting who want the same table.
        if not taking.acquire(timeout=wait_seconds):
            raise self._busy(table)
        try:
            if self._join(table):
                return
            lock = self._acquired(table, wait_seconds)
            with self._changing:
                self._held[table] = (lock, 1)
        finally:
            taking.release()

    def _join(self, table: str) -> bool:
        """Hold what another thread of this process holds; whether one does."""
        with self._changing:
            if table not in self._held:
                return False
            lock, holders = self._held[table]
            self._held[table] = (lock, holders + 1)
            return True

    def _leave(self, table: str) -> None:
        with self._changing:
            lock, holders = self._held[table]
            if holders > 1:
                self._held[table] = (lock, holders - 1)
            else:
                del self._held[table]
                lock.release()

    def _acquired(self, table: str, wait_seconds: float) -> FileLock:
        path = self._path(table)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Taken by one thread and released by another: the last to leave.
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout as error:
            raise self._busy(table) from error
        self._owner(table).write_text(str(os.getpid()))
        return lock

    def _busy(self, table: str) -> LakeBusyError:
        owner = self._owner(table)
        who = f" (process {owner.read_text()})" if owner.is_file() else ""
        return LakeBusyError(
            f"{self._root}: another process{who} is writing {table}; wait for it to end "
            "(end it if it is a stream), or use another lake"
        )

    def _owner(self, table: str) -> Path:
        return self._path(table).with_suffix(".owner")

    def _path(self, table: str) -> Path:
        layer, name = table.split("/")
        return Path(urlparse(self._root).path) / layer / f".{name}.lock"
