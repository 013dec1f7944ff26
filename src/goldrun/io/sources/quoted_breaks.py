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
from goldrun.io.sources.text_files import not_blank, split_lines

MOST_LINES, MOST_BYTES = 10_000, 1 << 20
MOST_RECORDS = 10
_ENDS = np.frombuffer(b"\n\r", np.uint8)
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Joined:
    """Records of a piece of a text.

    Attributes:
        lines: Their text without line ends, blank lines left out.
        breaks: Whether any of them has a line break.
        rest: The end of the piece, which continues in the next one.
    """

    lines: pa.Array
    breaks: bool = False
    rest: bytes = b""


def join_lines(data: bytes, patterns: Patterns, blank: str, *, last: bool) -> Joined:
    """Split a piece of a CSV file into records.

    Args:
        data: Whole lines, UTF-8.
        patterns: Patterns of the file's records.
        blank: Characters of a blank line.
        last: Whether no text follows; else a record may continue in the next piece.
    """
    lines = split_lines(data)
    if b'"' in data:
        piece = _Piece(data, lines, patterns, blank)
        if len(piece.odd):
            return _joined(piece, last=last)
    return Joined(lines.filter(not_blank(lines, blank)))


def _joined(piece: "_Piece", *, last: bool) -> Joined:
    firsts, single = piece.pairs()
    end, rest = len(piece.lines), b""
    if single and not last and piece.may_continue():
        end = int(piece.odd[-1])
        rest = piece.data[piece.starts[end] :]
    lasts = piece.odd[firsts + 1]
    firsts = piece.odd[firsts]
    order, inside = np.arange(end), np.zeros(end + 1, np.int64)
    order[firsts] = len(piece.lines) + np.arange(len(firsts))
    inside[firsts + 1] += 1
    inside[lasts + 1] -= 1
    kept = piece.not_blank.to_numpy(zero_copy_only=False)[:end] & (np.cumsum(inside)[:-1] == 0)
    texts = pa.concat_arrays([piece.lines, piece.text(firsts, lasts)])
    return Joined(texts.take(pa.array(order[kept])), bool(len(firsts)), rest)


@dataclass(frozen=True)
class _Piece:
    """The lines of a piece, and which of them have an odd number of quotes."""

    data: bytes
    lines: pa.Array
    patterns: Patterns
    blank: str

    @cached_property
    def _bytes(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.data, np.uint8)

    @cached_property
    def _bounds(self) -> tuple[Numbers, Numbers]:
        """Start and end of each line, without its line end, in the bytes of the piece."""
        feeds = self._bytes == _ENDS[0]
        ends = np.flatnonzero(feeds)
        if b"\r" in self.data:
            returns = self._bytes == _ENDS[1]
            lone = returns & ~np.append(feeds[1:], False)
            starts = np.flatnonzero(feeds | lone) + 1
            ends = starts - 1
            ends = ends - (feeds[ends] & (ends > 0) & returns[ends - 1])
        else:
            starts = ends + 1
        if not len(starts) or starts[-1] < len(self.data):
            starts, ends = np.append(starts, -1), np.append(ends, len(self.data))
        return np.concatenate(([0], starts[:-1])), ends

    @property
    def starts(self) -> Numbers:
        return self._bounds[0]

    @cached_property
    def odd(self) -> Numbers:
        """Numbers of the lines with an odd number of quotes."""
        quotes = np.flatnonzero(self._bytes == ord('"'))
        starts, ends = self._bounds
        counts = np.searchsorted(quotes, ends) - np.searchsorted(quotes, starts)
        return np.flatnonzero(counts & 1)

    @cached_property
    def not_blank(self) -> pa.Array:
        return not_blank(self.lines, self.blank)

    def text(self, firsts: Numbers, lasts: Numbers) -> pa.Array:
        """The text from one line to another, with the line ends between."""
        starts, ends = self._bounds
        bounds = zip(starts[firsts].tolist(), ends[lasts].tolist(), strict=True)
        texts = [self.data[start:end] for start, end in bounds]
        return pa.array(texts, pa.large_binary()).cast(pa.large_string())

    def pairs(self) -> tuple[Numbers, bool]:
        """Find the odd lines that begin a record which the next odd line ends.

        Returns:
            Their positions among the odd lines, and whether the last odd line is part of none.
        """
        valid, found, at = self._valid().tolist(), [], 0
        while at < len(valid):
            if valid[at]:
                found.append(at)
            at += 1 + valid[at]
        return np.array(found, np.int64), at == len(valid)

    def _valid(self) -> npt.NDArray[np.bool_]:
        """Whether each odd line but the last and the next one are ends of one record."""
        firsts, lasts = self.odd[:-1], self.odd[1:]
        starts, ends = self._bounds
        small = (ends[lasts] - starts[firsts] <= MOST_BYTES) & (lasts - firsts < MOST_LINES)
        valid = np.asarray(small, np.bool_)
        ends_of = self.lines.take(pa.array(self.odd))
        valid &= _matches(ends_of, self.patterns.opening)[:-1]
        valid &= _matches(ends_of, self.patterns.closing)[1:]
        valid &= ~self._are_records(firsts, lasts)
        tried = np.flatnonzero(valid)
        valid[tried] = _boolean(well_formed(self.text(firsts[tried], lasts[tried]), self.patterns))
        return valid

    def _are_records(self, firsts: Numbers, lasts: Numbers) -> npt.NDArray[np.bool_]:
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
        size = len(self.data) - self.starts[first]
        return bool(opens and size <= MOST_BYTES and len(self.lines) - first < MOST_LINES)


def _matches(lines: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    return _boolean(pc.match_substring_regex(lines, pattern))


def _boolean(values: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
