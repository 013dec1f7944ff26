"""Functions on text."""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.contracts.text import INVISIBLE
from goldrun.medallion.expressions.function import (
    Function,
    Parameter,
    bind_columns,
    literal_text_of,
    whole_number,
)
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, NumberType, Value
from goldrun.medallion.expressions.substrings import ends, split_part, substring
from goldrun.medallion.expressions.values import computed

_TEXT = Parameter("text", Kind.TEXT)
_COUNT = NumberType(10, 0)
_LONGEST = 1000
_MOST = 2**31 - 1


def _some(name: str, *, optional: bool = False, repeated: bool = False) -> Parameter:
    return Parameter(name, Kind.TEXT, optional, repeated)


def _written(name: str, kind: Kind = Kind.TEXT, *, optional: bool = False) -> Parameter:
    return Parameter(name, kind, optional, literal=True)


def _counted(column: Column) -> Column:
    return column.cast(_COUNT.spark)


def _unmerged(text: Column) -> Column:
    """Keep Spark from computing ``lower(upper(x))`` as ``lower(x)``: of ß they differ."""
    return F.concat(text, F.lit(""))


def _padded(given: Sequence[Value], *, left: bool) -> Value:
    length = whole_number(given[1], 0, _LONGEST, "length")
    fill = literal_text_of(given[2]) if given[2:] else " "
    if not fill:
        raise ExpressionError("fills up with an empty text; give at least one character")
    pad = F.lpad if left else F.rpad
    return computed(Kind.TEXT, given[:1], lambda c: pad(c, length, fill))


def _repeated(given: Sequence[Value]) -> Value:
    times = whole_number(given[1], 0, _LONGEST, "number of times")
    return computed(Kind.TEXT, given[:1], lambda c: F.repeat(c, F.lit(times)))


def _translated(given: Sequence[Value]) -> Value:
    old, new = literal_text_of(given[1]), literal_text_of(given[2])
    return computed(Kind.TEXT, given[:1], lambda c: F.translate(c, old, new))


def _replaced(given: Sequence[Value]) -> Value:
    if given[1].literal == "":
        raise ExpressionError("replaces an empty text; give at least one character")
    if len(given) == 2:
        return computed(Kind.TEXT, given, lambda c, old: F.replace(c, old, F.lit("")))
    return computed(Kind.TEXT, given, F.replace)


def _concat_ws(given: Sequence[Value]) -> Value:
    separator = literal_text_of(given[0])
    return computed(Kind.TEXT, given[1:], lambda *texts: F.concat_ws(separator, *texts))


TEXT_FUNCTIONS = (
    Function(
        "upper",
        (_TEXT,),
        "text",
        bind_columns(Kind.TEXT, lambda c: F.upper(_unmerged(c))),
        "In capitals.",
        "upper(a)",
    ),
    Function(
        "lower",
        (_TEXT,),
        "text",
        bind_columns(Kind.TEXT, lambda c: F.lower(_unmerged(c))),
        "In small letters.",
        "lower(a)",
    ),
    Function(
        "trim",
        (_TEXT,),
        "text",
        bind_columns(Kind.TEXT, lambda c: F.trim(c, F.lit(INVISIBLE))),
        "Without what nobody sees at both ends, as every value is trimmed; `trim(both 'x' from "
        "text)` takes other characters.",
        "trim(a)",
    ),
    Function(
        "ltrim",
        (_TEXT,),
        "text",
        bind_columns(Kind.TEXT, lambda c: F.ltrim(c, F.lit(INVISIBLE))),
        "As `trim`, at the start.",
        "ltrim(a)",
    ),
    Function(
        "rtrim",
        (_TEXT,),
        "text",
        bind_columns(Kind.TEXT, lambda c: F.rtrim(c, F.lit(INVISIBLE))),
        "As `trim`, at the end.",
        "rtrim(a)",
    ),
    Function(
        "length",
        (_TEXT,),
        "number",
        bind_columns(Kind.NUMBER, lambda c: _counted(F.length(c)), _COUNT),
        "Number of characters (code points).",
        "length(a)",
    ),
    Function(
        "concat",
        (_some("text", repeated=True),),
        "text",
        bind_columns(Kind.TEXT, F.concat),
        "One text after the other, as `a || b`; null if one is null.",
        "concat(a, '-', b)",
    ),
    Function(
        "concat_ws",
        (_written("separator"), _some("text", repeated=True)),
        "text",
        _concat_ws,
        "The texts that are not null, with the separator between them.",
        r"concat_ws('\u001f', a, b, a)",
    ),
    Function(
        "substring",
        (_TEXT, _written("start", Kind.NUMBER), _written("length", Kind.NUMBER, optional=True)),
        "text",
        substring,
        "Part of a text; the first character is 1, a negative start counts from the end.",
        "substring(a, -5, 3)",
    ),
    Function(
        "left",
        (_TEXT, _written("length", Kind.NUMBER)),
        "text",
        lambda given: ends(given, left=True),
        "The first characters.",
        "left(a, 2)",
    ),
    Function(
        "right",
        (_TEXT, _written("length", Kind.NUMBER)),
        "text",
        lambda given: ends(given, left=False),
        "The last characters.",
        "right(a, 2)",
    ),
    Function(
        "replace",
        (_TEXT, _some("old"), _some("new", optional=True)),
        "text",
        _replaced,
        "With every `old` replaced by `new`, or removed.",
        "replace(replace(a, '.', ''), ',', '.')",
    ),
    Function(
        "translate",
        (_TEXT, _written("old"), _written("new")),
        "text",
        _translated,
        "With each character of `old` replaced by the one in its place in `new`, or removed.",
        "translate(a, 'ab1', 'x')",
    ),
    Function(
        "lpad",
        (_TEXT, _written("length", Kind.NUMBER), _written("fill", optional=True)),
        "text",
        lambda given: _padded(given, left=True),
        "Filled up, or cut, to a length, at the start.",
        "lpad(a, 5, '0')",
    ),
    Function(
        "rpad",
        (_TEXT, _written("length", Kind.NUMBER), _written("fill", optional=True)),
        "text",
        lambda given: _padded(given, left=False),
        "Filled up, or cut, to a length, at the end.",
        "rpad(a, 5, 'é')",
    ),
    Function(
        "repeat",
        (_TEXT, _written("times", Kind.NUMBER)),
        "text",
        _repeated,
        "The text several times.",
        "repeat(a, 2)",
    ),
    Function(
        "reverse",
        (_TEXT,),
        "text",
        bind_columns(Kind.TEXT, F.reverse),
        "The characters from the last to the first.",
        "reverse(a)",
    ),
    Function(
        "split_part",
        (_TEXT, _written("separator"), _written("part", Kind.NUMBER)),
        "text",
        split_part,
        "One part: 1 is the first, -1 the last; empty if there is none.",
        "split_part(a, '-', 2)",
    ),
)
"""Their entries of the table."""
