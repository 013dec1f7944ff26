"""Files of text as UTF-8: their encoding, their bytes in whole lines, and lines in Arrow."""

import codecs
import itertools
from collections.abc import Iterator
from io import BufferedIOBase

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
BYTES_AT_ONCE = 32 << 20
_UTF_8 = "UTF-8"
_MARKS = {
    codecs.BOM_UTF8: _UTF_8,
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    # After UTF-32, whose mark begins with this one.
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WITHOUT_MARK = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_QUOTE, _FEED, _RETURN = map(ord, '"\n\r')


def encoding_of(start: bytes, declared: str) -> tuple[str, bytes]:
    """Find the encoding of a text.

    Args:
        start: Its first four bytes or more.
        declared: Encoding that holds for a text without a byte order mark.

    Returns:
        The encoding, and the mark.
    """
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding, mark
    return _WITHOUT_MARK.get(declared, declared), b""


def whole_lines(stream: BufferedIOBase, declared: str, size: int = 0) -> Iterator[bytes]:
    """Yield a text in pieces of whole lines, as UTF-8 without a byte order mark.

    A byte that the encoding does not have becomes U+FFFD.

    Args:
        stream: The bytes.
        declared: Encoding that holds for a text without a byte order mark.
        size: Bytes of a piece, unless a line is longer; 0 for ``BYTES_AT_ONCE``.
    """
    parts: list[bytes] = []
    for data in _recoded(stream, declared, size or BYTES_AT_ONCE):
        end = _end_of_lines(data)
        parts.append(data[:end])
        if end:
            yield _valid(b"".join(parts))
            parts = [data[end:]]
        else:
            parts[-1] = data
    if any(parts):
        yield _valid(b"".join(parts))


def _recoded(stream: BufferedIOBase, declared: str, size: int) -> Iterator[bytes]:
    """Yield bytes of UTF-8, which are not decoded yet, or that another encoding was decoded to."""
    chunks = iter(lambda: stream.read(size), b"")
    start = next(chunks, b"")
    encoding, mark = encoding_of(start, declared)
    chunks = itertools.chain([start[len(mark) :]], chunks)
    if encoding == _UTF_8:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for data in chunks:
        yield decoder.decode(data).encode()
    yield decoder.decode(b"", final=True).encode()


def _end_of_lines(data: bytes) -> int:
    """Return how many bytes are whole lines; a last carriage return may precede a line feed."""
    return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1


def _valid(data: bytes) -> bytes:
    """Replace invalid bytes of UTF-8. A line end is never part of an invalid sequence."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode()
    return data


def split_lines(data: bytes) -> pa.Array:
    """Split UTF-8 at line feeds, carriage returns or both."""
    return texts_between(data, *line_bounds(data))


def line_bounds(data: bytes) -> tuple[Numbers, Numbers]:
    """Return the start and the end of each line, without its line end."""
    each = np.frombuffer(data, np.uint8)
    feeds = each == _FEED
    ends = np.flatnonzero(feeds)
    if b"\r" in data:
        returns = each == _RETURN
        starts = np.flatnonzero(feeds | (returns & ~np.append(feeds[1:], False))) + 1
        ends = starts - 1
        ends = ends - (feeds[ends] & (ends > 0) & returns[ends - 1])
    else:
        starts = ends + 1
    if not len(starts) or starts[-1] < len(data):
        starts, ends = np.append(starts, -1), np.append(ends, len(data))
    return np.concatenate(([0], starts[:-1])), ends


def texts_between(data: bytes, starts: Numbers, ends: Numbers) -> pa.Array:
    """Return the texts from each start to its end; each end is at most the next start."""
    bounds = np.append(np.column_stack((starts, ends)), len(data))
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    texts_and_gaps = pa.Array.from_buffers(pa.large_string(), len(bounds) - 1, buffers)
    return texts_and_gaps.take(pa.array(np.arange(0, len(bounds) - 1, 2)))


def not_blank(lines: pa.Array, blank: str) -> pa.Array:
    """Whether each line has other characters than some."""
    return pc.not_equal(pc.utf8_trim(lines, characters=blank), "")


class OddQuotes:
    """Whether a text has a line with an odd number of quotes: a quoted line break, or a fault.

    Attributes:
        found: Whether one was seen.
    """

    def __init__(self) -> None:
        """Begin before the first line."""
        self.found = False
        self._in_line = 0

    def see(self, chunk: bytes) -> None:
        """Count the quotes in the next bytes of the text."""
        if self.found or not (self._in_line or b'"' in chunk):
            return
        data = np.frombuffer(chunk, np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        ends = np.flatnonzero((data == _FEED) | (data == _RETURN))
        before = np.searchsorted(quotes, ends)
        counts = np.diff(before, prepend=-self._in_line)
        self.found = bool((counts & 1).any())
        rest = len(quotes) - (before[-1] if len(ends) else -self._in_line)
        self._in_line = int(rest) & 1

    def any(self) -> bool:
        """Whether one was found, the last line included."""
        return self.found or bool(self._in_line)
