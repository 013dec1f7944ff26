"""Files of JSON lines: their keys, and the definition of a malformed line, which engines share.

A record is one line that is exactly one JSON object. A line is malformed if

- it is no JSON, has anything before or after the object, or is another value than an object,
- the object has a key twice,
- a key has more than ``LONGEST_KEY`` characters or a number more than ``LONGEST_NUMBER``,
- it escapes half a character (a surrogate without its other half), which is no text.

NaN, Infinity and -Infinity, which some writers put in the place of numbers, are no JSON and are
accepted. Values become text: numbers exactly as written, strings unescaped, objects and arrays as
compact JSON, null as null.
"""

import itertools
import json
from pathlib import Path

from goldrun.errors import SourceError
from goldrun.io.sources.files import LONGEST_LINE, open_bytes

LONGEST_NUMBER, LONGEST_KEY = 1_000, 50_000
"""Limits of Spark's parser, in characters."""
_LINES_READ = 1000
"""Lines at the start of a file whose keys are read."""


def read_keys(file: Path) -> list[str]:
    """List the keys of the objects in a file's first 1,000 lines, sorted.

    Raises:
        SourceError: The file is empty.
    """
    keys: set[str] = set()
    empty = True
    with open_bytes(file) as stream:
        lines = itertools.chain.from_iterable(
            chunk.splitlines() for chunk in iter(lambda: stream.readline(LONGEST_LINE), b"")
        )
        for line in itertools.islice(lines, _LINES_READ):
            empty = empty and not line.strip()
            keys |= _keys(line.decode("utf-8-sig", errors="replace"))
    if empty:
        raise SourceError(f"{file} is empty: it has no line; remove or replace it")
    return sorted(keys)


def _keys(line: str) -> set[str]:
    try:
        record = json.loads(line, parse_int=str, parse_float=str)
    # A malformed line has no keys; reading it quarantines it.
    except (ValueError, RecursionError):
        return set()
    return set(record) if isinstance(record, dict) else set()
