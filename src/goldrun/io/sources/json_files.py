"""Files of JSON lines, one object a line: their keys, and their values as text by key."""

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.errors import SourceError
from goldrun.io.engines.sail.arrow_json import take_json_apart
from goldrun.io.engines.sail.arrow_lines import read_here
from goldrun.io.engines.sail.session import is_sail
from goldrun.io.engines.spark.lines import LINE, no_record, read_lines
from goldrun.io.sources.files import LONGEST_LINE, open_bytes

_LOOKED_AT = 1000
"""Lines at the start of a file that show which keys it has."""
_BLANK = " \t"
_STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
_OBJECTS = "array<map<string,string>>"
_MARK = "mark"
_PARSED = "parsed"
_END = "end"

# Possessive, so that no line, however long, needs a stack or a second try.
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_NUMBER = (
    r"(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|NaN|-?Infinity)"
    r"(?=[ \t]*+[,}\]])"
)
# Outside strings these letters begin a number, or the line is no JSON.
_NEXT_NUMBER = rf'(?s)\G((?:{_STRING}|[^"0-9NI-]++)*+)({_NUMBER})'
_REWRITTEN = r"[:,\[][ \t]*+(?:-?[0-9]++[.eE]|-0|NaN|-?Infinity)"
"""What may be a number that the parser writes in another way than the file does."""
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]"
_HALF_A_CHARACTER = rf"(?s)\A(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|{_PAIR})*+\\u"


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
        for line in itertools.islice(lines, _LOOKED_AT):
            empty = empty and not line.strip()
            keys |= _keys(line.decode("utf-8-sig", errors="replace"))
    if empty:
        raise SourceError(f"{file} is empty: it has no line; remove or replace it")
    return sorted(keys)


def _keys(line: str) -> set[str]:
    try:
        record = json.loads(line, parse_int=str, parse_float=str)
    # What is no JSON has no keys; reading will call the line malformed.
    except (ValueError, RecursionError):
        return set()
    return set(record) if isinstance(record, dict) else set()


def read_json(spark: SparkSession, files: Mapping[Path, str]) -> DataFrame:
    """Read files of JSON lines as text; see ``parse_json``.

    Args:
        spark: The session.
        files: Fingerprint by file.
    """
    if is_sail(spark):
        return read_here(spark, files, "UTF-8", _BLANK, lambda _, lines: take_json_apart(lines))
    return parse_json(read_lines(spark, files, "UTF-8", _BLANK))


def parse_json(lines: DataFrame) -> DataFrame:
    """Take JSON lines apart.

    Numbers, and the NaN, Infinity and -Infinity that some writers put in their place, are kept
    exactly as written, strings are unescaped, objects and arrays are kept as compact JSON.
    Malformed is every line that is not exactly one JSON object whose keys all differ, or that
    escapes half a character (a surrogate without its other half), which is no text.

    Args:
        lines: ``LINE``, never null, and ``PLACE``; other columns are kept.

    Returns:
        ``RECORD``, the text by key, null for null (empty for a malformed line); ``MALFORMED``, the
        raw line of a malformed one; and ``PLACE``.
    """
    line, mark, parsed = F.col(LINE), F.col(_MARK), F.col(_PARSED)
    whole = ~line.contains("\\u") | ~line.rlike(_HALF_A_CHARACTER)
    frame = (
        lines
        # What a line can't contain: a part of its own hash.
        .withColumn(_MARK, F.substring(F.sha2(line, 256), 1, 16)).withColumn(
            _PARSED, F.when(whole, _objects(line, mark))
        )
    )
    record = F.get(parsed, F.lit(0))
    fits = (
        (F.size(parsed) == 2)
        & (F.get(parsed, F.lit(1))[_END] == mark)
        & (F.size(F.array_distinct(F.map_keys(record))) == F.size(record))
    )
    unmarked = F.transform_values(record, lambda _, value: _without_marks(value, mark))
    exact = F.when(line.rlike(_REWRITTEN), unmarked).otherwise(record)
    return frame.select(
        F.when(fits, exact).otherwise(no_record()).alias(lineage.RECORD),
        F.when(~F.coalesce(fits, F.lit(False)), line).alias(lineage.MALFORMED),
        *[name for name in lines.columns if name != LINE],
    )


def _objects(line: SparkColumn, mark: SparkColumn) -> SparkColumn:
    """Parse a line and one object more: after anything but one value the other is not second.

    The parser ends at the end of the first value, and it rewrites numbers (1.10 becomes 1.1):
    behind a line that is one value there is the end that we put there, and a number in quotes
    stays as it is. Null where it does not parse.
    """
    marked = F.concat(F.lit('$1"'), mark, F.lit("$2"), mark, F.lit('"'))
    quoted = F.regexp_replace(line, F.lit(_NEXT_NUMBER), marked)
    safe = F.when(line.rlike(_REWRITTEN), quoted).otherwise(line)
    end = F.concat(F.lit(f',{{"{_END}":"'), mark, F.lit('"}]'))
    return F.from_json(F.concat(F.lit("["), safe, end), _OBJECTS, _STRICT)


def _without_marks(value: SparkColumn, mark: SparkColumn) -> SparkColumn:
    quote, nothing = F.lit('"'), F.lit("")
    opened = F.replace(value, F.concat(quote, mark), nothing)
    nested = F.replace(opened, F.concat(mark, quote), nothing)
    return F.when(value.contains(mark), F.replace(nested, mark, nothing)).otherwise(value)
