"""Locks of tables on a local disk: one process writes, and readers never wait."""

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

    Delta's commits on a local disk are safe between threads but not between processes, so a step
    holds its tables from its first read to its last write. Object stores have no locks here: their
    log store detects conflicts.
    """

    def __init__(self, root: str, wait_seconds: float = 5, *, local: bool = True) -> None:
        """Hold no lock yet.

        Args:
            root: The lake.
            wait_seconds: Seconds to wait for another process.
            local: Whether this machine writes the files; a server's disk can't be locked.
        """
        self._root = root
        self._local = local
        self._wait_seconds = wait_seconds
        self._held: dict[str, tuple[FileLock, int]] = {}
        self._changing = threading.Lock()
        self._acquiring: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @property
    def exclude_others(self) -> bool:
        """Whether the locks exclude other processes, which they do on a disk of this machine."""
        return self._local and urlparse(self._root).scheme in {"", "file"}

    def wait(self, wait_seconds: float) -> None:
        """Set the seconds to wait for another process."""
        self._wait_seconds = wait_seconds

    @contextlib.contextmanager
    def held(self, tables: Sequence[str], wait_seconds: float | None = None) -> Iterator[None]:
        """Hold the locks of tables, acquired in the order of their names.

        Args:
            tables: Their names.
            wait_seconds: Seconds to wait for another process; the lake's setting when None.

        Raises:
            LakeBusyError: Another process holds one of them.
        """
        if not self.exclude_others:
            yield
            return
        wait = self._wait_seconds if wait_seconds is None else wait_seconds
        with contextlib.ExitStack() as stack:
            for table in sorted(set(tables)):
                self._acquire(table, wait)
                stack.callback(self._release, table)
            yield

    def _acquire(self, table: str, wait_seconds: float) -> None:
        with self._changing:
            acquiring = self._acquiring[table]
        # A thread that waits for another process blocks only threads that want the same table.
        if not acquiring.acquire(timeout=wait_seconds):
            raise self._busy(table)
        try:
            if self._join(table):
                return
            lock = self._lock(table, wait_seconds)
            with self._changing:
                self._held[table] = (lock, 1)
        finally:
            acquiring.release()

    def _join(self, table: str) -> bool:
        """Share the lock that another thread of this process holds; return whether one does."""
        with self._changing:
            if table not in self._held:
                return False
            lock, holders = self._held[table]
            self._held[table] = (lock, holders + 1)
            return True

    def _release(self, table: str) -> None:
        with self._changing:
            lock, holders = self._held[table]
            if holders > 1:
                self._held[table] = (lock, holders - 1)
            else:
                del self._held[table]
                lock.release()

    def _lock(self, table: str, wait_seconds: float) -> FileLock:
        path = self._path(table)
        path.parent.mkdir(parents=True, exist_ok=True)
        # The last thread to leave releases it, which may be another than acquired it.
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout as error:
            raise self._busy(table) from error
        try:
            self._owner(table).write_text(str(os.getpid()))
        except OSError:
            # Such as a full disk: nothing would release the lock before this process ends.
            lock.release()
            raise
        return lock

    def _busy(self, table: str) -> LakeBusyError:
        owner = self._owner(table)
        process = owner.read_text() if owner.is_file() else ""
        who = f" (process {process})" if process else ""
        return LakeBusyError(
            f"{self._root}: another process{who} is writing {table}; wait for it to end "
            "(end it if it is a stream), or use another lake"
        )

    def _owner(self, table: str) -> Path:
        return self._path(table).with_suffix(".owner")

    def _path(self, table: str) -> Path:
        layer, name = table.split("/")
        return Path(urlparse(self._root).path) / layer / f".{name}.lock"
