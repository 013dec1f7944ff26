"""JSON objects that span lines: the elements of one array, or objects that follow each other."""

import codecs
import json
import re
from collections.abc import Iterator
from io import BufferedIOBase
from typing import Any

from goldrun.errors import SourceError
from goldrun.io.sources.json_values import ANY_DECODER, DECODER, Number
from goldrun.io.sources.text_files import encoding_of

LONGEST_VALUE = 256 << 20
"""Largest number of characters of an element or object."""
_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_NEAR_END = 64
"""A fault this close to the end of what is read may be none when more is read: half a token."""
Value = tuple[Any, str]
"""A parsed value, null if ``DECODER`` refuses it, and its JSON."""


class CutOffError(SourceError):
    """A text ends within a value."""


def ends_within(error: json.JSONDecodeError, text: str) -> bool:
    """Whether a text is a value up to its end, so that more text may complete it."""
    return error.pos >= len(text.rstrip(" \t\r\n"))


def text_of(stream: BufferedIOBase, declared: str = "UTF-8") -> Iterator[str]:
    """Yield a text in pieces, none empty, without a byte order mark; invalid bytes are U+FFFD."""
    start = stream.read(_CHUNK)
    encoding, mark = encoding_of(start, declared)
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    data = start[len(mark) :]
    while data:
        if text := decoder.decode(data):
            yield text
        data = stream.read(_CHUNK)
    if text := decoder.decode(b"", final=True):
        yield text


class Documents:
    """Reads the values of a text."""

    def __init__(self, pieces: Iterator[str], name: str) -> None:
        """Begin before the first value.

        Args:
            pieces: The text.
            name: Name of the file, for errors.
        """
        self._pieces, self._name = pieces, name
        self._text, self._at, self._lines = "", 0, 1

    def values(self) -> Iterator[Value]:
        """Yield the elements of the text's array, or the values that follow each other.

        Raises:
            SourceError: The text is cut off, or is no JSON.
        """
        if self._next() != "[":
            while self._next():
                yield self.value()
            return
        self._at += 1
        if self._next() != "]":
            yield self.value()
        while self._next() == ",":
            self._at += 1
            self._next()
            yield self.value()
        if (found := self._next()) != "]":
            raise self._refusal(cut_off=not found)
        self._at += 1
        if self._next():
            raise self._refusal()

    def value(self) -> Value:
        """Parse the value at the current place.

        Raises:
            SourceError: There is none.
        """
        while True:
            try:
                value, end = self._decode()
            except json.JSONDecodeError as error:
                near = error.pos > len(self._text) - _NEAR_END or _in_string(error)
                ended = _in_string(error) or ends_within(error, self._text)
                size = len(self._text) - self._at
                if not near or size > LONGEST_VALUE or not self._read_more():
                    raise self._refusal(cut_off=ended) from error
                continue
            except RecursionError as error:
                raise self._refusal() from error
            # A number may have more digits in what is not read yet.
            if isinstance(value, Number) and end == len(self._text) and self._read_more():
                continue
            text, self._at = self._text[self._at : end], end
            return value, text

    def _decode(self) -> tuple[Any, int]:
        try:
            return DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return None, ANY_DECODER.raw_decode(self._text, self._at)[1]

    def _next(self) -> str:
        """Skip white space; return the character behind it, or nothing at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_more():
                return ""

    def _read_more(self) -> bool:
        """Read as much again as is not parsed yet; return whether there was more."""
        self._lines += self._text.count("\n", 0, self._at)
        parts, wanted = [self._text[self._at :]], max(1, len(self._text) - self._at)
        read = 0
        while read < wanted and (piece := next(self._pieces, "")):
            parts.append(piece)
            read += len(piece)
        self._text, self._at = "".join(parts), 0
        return read > 0

    def _refusal(self, *, cut_off: bool = False) -> SourceError:
        line = self._lines + self._text.count("\n", 0, self._at)
        how = "it is cut off" if cut_off else f"what begins in line {line} is no JSON"
        kind = CutOffError if cut_off else SourceError
        return kind(
            f"{self._name} can't be read to its end: {how}; nothing of the batch was written, "
            "replace the file"
        )


def _in_string(error: json.JSONDecodeError) -> bool:
    return error.msg.startswith("Unterminated string")
