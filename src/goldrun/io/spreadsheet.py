"""Lists of rows as CSV files that a person opens in a spreadsheet."""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import urlparse

from goldrun.errors import SettingsError, StorageError

_BOM = "utf-8-sig"
"""Excel reads a CSV file without a byte order mark in the encoding of its machine."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - as sheets read them
"""Beginnings with which a spreadsheet takes a text for a formula."""
_BETWEEN = " | "


class Spreadsheet:
    """A CSV file that is to be written: UTF-8 with a byte order mark, commas, a header.

    A file of this name is replaced only if its header is the same: it is an older list.
    """

    def __init__(self, path: str, header: Sequence[str], lake: str) -> None:
        """Check that the file can be written, before any work.

        Args:
            path: The file; its folder exists.
            header: Names of the columns.
            lake: Root of the lake, in whose folder no list may be.

        Raises:
            SettingsError: There is no such folder, the file is in the lake, or another file is
                there.
        """
        if len(urlparse(path).scheme) > 1:
            raise SettingsError(f"--csv {path!r} is no file on this machine: give the path of one")
        self.file, self._header = Path(path).absolute(), list(header)
        if not self.file.parent.is_dir() or self.file.is_dir():
            raise SettingsError(
                f"--csv {path!r}: {self.file.parent} is no folder, or a folder has this name; give "
                "a file in a folder that exists"
            )
        if self.file.resolve().is_relative_to(Path(lake).absolute().resolve()):
            raise SettingsError(
                f"--csv {path!r} is in the lake {lake}, which holds tables only: give a file "
                "outside it"
            )
        self.replaces = self.file.exists()
        if self.replaces and self._header_of_file() != self._header:
            raise SettingsError(
                f"--csv {path!r} exists and is no list with the columns {', '.join(header)}: "
                "nothing was written; give another name, or move that file"
            )

    def _header_of_file(self) -> list[str]:
        try:
            with self.file.open(encoding=_BOM, newline="") as text:
                return next(csv.reader(text), [])
        except (OSError, UnicodeDecodeError, csv.Error):
            return []

    def write(self, rows: Iterable[Sequence[object]]) -> int:
        """Write rows under another name, then give the file its name; return their number.

        Text that a spreadsheet would take for a formula gets an apostrophe in front. A null is an
        empty cell, a list its elements with " | " between them.

        Raises:
            StorageError: The file can't be written; an older one is unchanged.
        """
        written = 0
        try:
            with self._replacing() as text:
                writer = csv.writer(text)
                writer.writerow(self._header)
                for row in rows:
                    writer.writerow(map(_cell, row))
                    written += 1
        except OSError as error:
            raise StorageError(
                f"{self.file} can't be written: {error.strerror}; make room or give another folder"
            ) from error
        return written

    @contextmanager
    def _replacing(self) -> Iterator[TextIO]:
        """Open a new file beside the file, which gets its name at the end of the block."""
        handle, name = tempfile.mkstemp(prefix=f".{self.file.name}.", dir=self.file.parent)
        try:
            with os.fdopen(handle, "w", encoding=_BOM, newline="") as text:
                yield text
            Path(name).replace(self.file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _cell(value: object) -> object:
    if isinstance(value, list):
        value = _BETWEEN.join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value
