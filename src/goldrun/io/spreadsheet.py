"""Lists of rows as CSV files that a person opens in a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence

from goldrun.errors import SettingsError
from goldrun.io.output_files import checked_file, replacing

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
        self.file, self._header = checked_file("csv", path, lake), list(header)
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
        with replacing(self.file, _BOM) as text:
            writer = csv.writer(text)
            writer.writerow(self._header)
            for row in rows:
                writer.writerow(map(_cell, row))
                written += 1
        return written


def _cell(value: object) -> object:
    if isinstance(value, list):
        value = _BETWEEN.join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value
