"""Files of JSON objects: their keys, and the definition of a malformed record, for all engines.

A file has one object a line, or it is one array of objects, or its objects follow each other and
span lines (pretty-printed). Its begin shows which: a file that begins with a bracket is an array,
unless a line ends it and others follow; objects span lines if the first line is no whole value and
an object ends in a later one.

Of lines, each is a record. A line is malformed if

- it is no JSON, has anything before or after the object, or is another value than an object,
- the object has a key twice,
- a key has more than ``LONGEST_KEY`` characters or a number more than ``LONGEST_NUMBER``,
- it escapes half a character (a surrogate without its other half), which is no text.

Of an array and of objects that span lines, each element or object is a record, malformed as a line
is; but what is no JSON has no records, so the file is refused whole.

NaN, Infinity and -Infinity, which some writers put in the place of numbers, are no JSON and are
accepted. Values become text: numbers exactly as written, strings unescaped, objects and arrays as
compact JSON, null as null.

``each`` names a list in the object: each of its elements is a record, with the object's other
fields under their names and the element's under ``list.field``. An element that is no object is
under the name of the list. An object without an element is one record.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BufferedIOBase

import pyarrow as pa
import pyarrow.compute as pc

from goldrun.contracts.file_settings import FileSettings
from goldrun.errors import SourceError
from goldrun.io.sources.json_documents import (
    CutOffError,
    Documents,
    Value,
    ends_within,
    text_of,
)
from goldrun.io.sources.json_values import ANY_DECODER, DECODER, Record, records_of
from goldrun.io.sources.parts import Part, check_whole, open_part
from goldrun.io.sources.records import BLANK, RECORDS, Parsed, Piece
from goldrun.io.sources.text_files import (
    encoding_of,
    not_blank,
    split_lines,
    whole_lines,
)

_READ = 1000
"""Records at the start of a file whose keys are read."""
_CHARACTERS_AT_ONCE = 8 << 20
_START = 1 << 20
_SPACE = " \t\r\n"
_UTF_8 = "UTF-8"


@dataclass(frozen=True)
class JsonLayout:
    """How a JSON file is read.

    Attributes:
        part: The file.
        lines: Whether each line is a record.
        path: Keys of the list whose elements are records.
        plain: Whether the file can be split at its line ends.
        columns: Keys of the first 1,000 records, sorted; none if all of them are malformed.
    """

    part: Part
    lines: bool = True
    path: tuple[str, ...] = ()
    plain: bool = True
    columns: tuple[str, ...] = ()

    def pieces(self) -> Iterator[Piece]:
        """Yield the parsers of the file's records.

        Raises:
            SourceError: The file is no JSON, or cut off.
        """
        with open_part(self.part) as stream:
            if self.lines:
                for data in whole_lines(stream, _UTF_8):
                    lines = split_lines(data)
                    kept = lines.filter(not_blank(lines, BLANK))
                    yield partial(parse_json, kept, self.path)
            else:
                values = Documents(text_of(stream), self.part.name).values()
                for some in _batched(values):
                    yield partial(_parse_values, some, self.path)


def _batched(values: Iterator[Value]) -> Iterator[list[Value]]:
    batch: list[Value] = []
    size = 0
    for value in values:
        batch.append(value)
        size += len(value[1])
        if size >= _CHARACTERS_AT_ONCE:
            yield batch
            batch, size = [], 0
    yield batch


def parse_json(lines: pa.Array, path: Sequence[str] = ()) -> Parsed:
    """Parse lines without line ends."""
    return _parsed(lines, [_of_line(line, path) for line in lines.to_pylist()])


def _parse_values(values: Sequence[Value], path: Sequence[str]) -> Parsed:
    texts = pa.array([text for _, text in values], pa.large_string())
    return _parsed(texts, [_of_value(value, text, path) for value, text in values])


def _parsed(texts: pa.Array, found: Sequence[list[Record] | None]) -> Parsed:
    numbers = [number for number, some in enumerate(found) for _ in (some or [[]])]
    records = [record for some in found for record in (some or [[]])]
    accepted = pa.array([found[number] is not None for number in numbers], pa.bool_())
    of_records = texts.take(pa.array(numbers, pa.int64()))
    malformed = pc.if_else(accepted, pa.scalar(None, pa.large_string()), of_records)
    return pa.array(records, RECORDS), malformed


def _of_line(line: str, path: Sequence[str]) -> list[Record] | None:
    """Parse a line into records; None for a malformed line."""
    try:
        return records_of(DECODER.decode(line), line, path)
    except (ValueError, RecursionError):
        return None


def _of_value(value: object, text: str, path: Sequence[str]) -> list[Record] | None:
    try:
        return records_of(value, text, path)
    except RecursionError:
        return None


def inspect_json(part: Part, settings: FileSettings) -> JsonLayout:
    """Check that a JSON file can be read, and find out how.

    Raises:
        SourceError: The file is damaged, empty, or an array or object that is no JSON.
    """
    lines = _has_lines(part)
    if lines:
        check_whole(part)
    path = tuple(settings.each.split(".")) if settings.each else ()
    layout = JsonLayout(part, lines, path, plain=_is_plain(part) and lines and not path)
    keys = _keys(layout)
    return JsonLayout(part, lines, path, layout.plain, tuple(sorted(keys)))


def _is_plain(part: Part) -> bool:
    name = part.file_name
    packed = name.lower().endswith((".gz", ".bz2")) and not name.endswith((".gz", ".bz2"))
    with open_part(part) as stream:
        return not part.member and not packed and encoding_of(stream.read(4), _UTF_8)[0] == _UTF_8


def _has_lines(part: Part) -> bool:
    """Whether each line of a file is a record."""
    first, _, rest = _start(part).replace("\r", "\n").partition("\n")
    if not first:
        raise SourceError(f"{part.name} is empty: it has no line; remove or replace it")
    if first[0] == "[":
        return bool(rest) and _is_whole(first)
    return not rest or not _may_continue(first) or not _spans_lines(part)


def _start(part: Part) -> str:
    """Return the start of a text: its first line and more, or as much of a long line."""
    start = ""
    with open_part(part) as stream:
        for piece in text_of(stream):
            start = (start + piece).lstrip(_SPACE)
            if len(start) > _START or any(end in start.rstrip(_SPACE) for end in "\r\n"):
                break
    return start.rstrip(_SPACE)


def _is_whole(line: str) -> bool:
    try:
        ANY_DECODER.decode(line.rstrip(BLANK))
    except (ValueError, RecursionError):
        return False
    return True


def _may_continue(line: str) -> bool:
    """Whether a line is the begin of a value that other lines may complete."""
    try:
        ANY_DECODER.decode(line.rstrip(BLANK))
    except json.JSONDecodeError as error:
        return ends_within(error, line)
    except RecursionError:
        return False
    return False


def _spans_lines(part: Part) -> bool:
    """Whether a file begins with an object that spans lines.

    Raises:
        CutOffError: The file ends within its first object.
    """
    with open_part(part) as stream:
        try:
            Documents(text_of(stream), part.name).value()
        except CutOffError:
            raise
        except SourceError:
            return False
    return True


def _keys(layout: JsonLayout) -> set[str]:
    """Read the keys of the first records; a file that is not of lines is parsed to its end."""
    keys: set[str] = set()
    with open_part(layout.part) as stream:
        for records in _first_records(stream, layout):
            keys |= {key for record in records or () for key, _ in record}
    return keys


def _first_records(stream: BufferedIOBase, layout: JsonLayout) -> Iterator[list[Record] | None]:
    if not layout.lines:
        values = Documents(text_of(stream), layout.part.name).values()
        for number, (value, text) in enumerate(values):
            yield _of_value(value, text, layout.path) if number < _READ else None
        return
    pieces = whole_lines(stream, _UTF_8, _START)
    lines = itertools.chain.from_iterable(split_lines(piece).to_pylist() for piece in pieces)
    for line in itertools.islice(lines, _READ):
        if line.strip(BLANK):
            yield _of_line(line, layout.path)
