"""CSV records with line breaks inside quotes: which lines belong together.

A line with an odd number of quotes opens or closes a quoted field. A record runs from such a line
to the next one, if the text from the one to the other is one well-formed record of as many fields
as the header. Otherwise the first of them is malformed by itself, and reading goes on with the line
after it. So a quote that is never closed does not absorb the lines behind it. It absorbs them
neither if a later fault happens to close it: a record has at most ``MOST_LINES`` lines and
``MOST_BYTES``, and ``MOST_RECORDS`` lines or more that are well-formed records of their own, and at
least half of the lines between two quotes, are no text between them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from goldrun.io.sources.csv_patterns import Patterns, well_formed
from goldrun.io.sources.text_files import Numbers, line_bounds, not_blank, texts_between

MOST_LINES, MOST_BYTES = 10_000, 1 << 20
MOST_RECORDS = 10
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Joined:
    """Records of a piece of a text.

    Attributes:
        lines: Their text without line ends, blank lines left out.
        joined: Whether each has line breaks; then it is known to be well-formed.
        rest: The end of the piece, which continues in the next one.
    """

    lines: pa.Array
    joined: Flags
    rest: bytes = b""


def join_lines(data: bytes, patterns: Patterns, blank: str, *, last: bool) -> Joined:
    """Split a piece of a CSV file into records.

    Args:
        data: Whole lines, UTF-8.
        patterns: Patterns of the file's records.
        blank: Characters of a blank line.
        last: Whether no text follows; else a record may continue in the next piece.
    """
    piece = _Piece(data, patterns, blank)
    if b'"' in data and len(piece.odd):
        return _joined(piece, last=last)
    kept = piece.lines.filter(piece.not_blank)
    return Joined(kept, np.zeros(len(kept), np.bool_))


def _joined(piece: "_Piece", *, last: bool) -> Joined:
    firsts, single = piece.pairs()
    end, rest = len(piece.lines), b""
    if single and not last and piece.may_continue():
        end = int(piece.odd[-1])
        rest = piece.data[piece.bounds[0][end] :]
    lasts = piece.odd[firsts + 1]
    firsts = piece.odd[firsts]
    last_of, inside = np.arange(end), np.zeros(end + 1, np.int64)
    last_of[firsts] = lasts
    inside[firsts + 1] += 1
    inside[lasts + 1] -= 1
    kept = np.flatnonzero(_boolean(piece.not_blank)[:end] & (np.cumsum(inside)[:-1] == 0))
    return Joined(piece.text(kept, last_of[kept]), last_of[kept] > kept, rest)


@dataclass(frozen=True)
class _Piece:
    """The lines of a piece, and which of them have an odd number of quotes."""

    data: bytes
    patterns: Patterns
    blank: str

    @cached_property
    def bounds(self) -> tuple[Numbers, Numbers]:
        """Start and end of each line."""
        return line_bounds(self.data)

    @cached_property
    def lines(self) -> pa.Array:
        """The text of each line."""
        return texts_between(self.data, *self.bounds)

    @cached_property
    def odd(self) -> Numbers:
        """Numbers of the lines with an odd number of quotes."""
        quotes = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord('"'))
        starts, ends = self.bounds
        counts = np.searchsorted(quotes, ends) - np.searchsorted(quotes, starts)
        return np.flatnonzero(counts & 1)

    @cached_property
    def not_blank(self) -> pa.Array:
        return not_blank(self.lines, self.blank)

    def text(self, firsts: Numbers, lasts: Numbers) -> pa.Array:
        """The texts from some lines to others, with the line ends between; no two overlap."""
        starts, ends = self.bounds
        return texts_between(self.data, starts[firsts], ends[lasts])

    def pairs(self) -> tuple[Numbers, bool]:
        """Find the odd lines that begin a record which the next odd line ends.

        Returns:
            Their positions among the odd lines, and whether the last odd line is part of none.
        """
        valid = self._valid()
        at = np.arange(len(valid))
        # Every second of those in a row: the line that ends a record begins no other.
        since_invalid = at - np.maximum.accumulate(np.where(valid, -1, at))
        found = np.flatnonzero(valid & (since_invalid % 2 == 1))
        return found, not len(found) or bool(found[-1] < len(valid) - 1)

    def _valid(self) -> Flags:
        """Whether each odd line but the last and the next one are ends of one record."""
        firsts, lasts = self.odd[:-1], self.odd[1:]
        starts, ends = self.bounds
        small = (ends[lasts] - starts[firsts] <= MOST_BYTES) & (lasts - firsts < MOST_LINES)
        valid = np.asarray(small, np.bool_)
        valid &= _matches(self.lines.take(pa.array(firsts)), self.patterns.opening)
        valid &= ~self._are_records(firsts, lasts)
        tried = np.flatnonzero(valid)
        # Neighbours share a line, and texts that are built at once must not overlap.
        for some in (tried[tried % 2 == 0], tried[tried % 2 == 1]):
            texts = self.text(firsts[some], lasts[some])
            valid[some] = _boolean(well_formed(texts, self.patterns))
        return valid

    def _are_records(self, firsts: Numbers, lasts: Numbers) -> Flags:
        """Whether many lines between two, and at least half, are records of their own."""
        if self.patterns.fields == 1 or not (lasts - firsts > MOST_RECORDS).any():
            return np.zeros(len(firsts), np.bool_)
        shown = _boolean(self.not_blank)
        records = shown & _boolean(well_formed(self.lines, self.patterns))
        lines, whole = (np.append(0, np.cumsum(each)) for each in (shown, records))
        between = lines[lasts] - lines[firsts + 1]
        complete = whole[lasts] - whole[firsts + 1]
        return np.asarray((complete >= MOST_RECORDS) & (2 * complete >= between), np.bool_)

    def may_continue(self) -> bool:
        """Whether the last odd line may begin a record that ends in the next piece."""
        first = self.odd[-1]
        opens = _matches(self.lines.slice(first, 1), self.patterns.opening)[0]
        size = len(self.data) - self.bounds[0][first]
        return bool(opens and size <= MOST_BYTES and len(self.lines) - first < MOST_LINES)


def _matches(lines: pa.Array, pattern: str) -> Flags:
    return _boolean(pc.match_substring_regex(lines, pattern))


def _boolean(values: pa.Array) -> Flags:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
