"""Functions that search a text."""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.medallion.expressions.function import (
    Function,
    Parameter,
    bind_columns,
    literal_text_of,
    whole_number,
)
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, NumberType, Value
from goldrun.medallion.expressions.texts import (
    extract,
    matches,
    regular_expression,
    replace_matches,
    replacement_parts,
)
from goldrun.medallion.expressions.values import computed

_TEXT = Parameter("text", Kind.TEXT)
_COUNT = NumberType(10, 0)


def _some(name: str, *, optional: bool = False, repeated: bool = False) -> Parameter:
    return Parameter(name, Kind.TEXT, optional, repeated)


def _written(name: str, kind: Kind = Kind.TEXT, *, optional: bool = False) -> Parameter:
    return Parameter(name, kind, optional, literal=True)


def _counted(column: Column) -> Column:
    return column.cast(_COUNT.spark)


def _rlike(given: Sequence[Value]) -> Value:
    pattern = regular_expression(literal_text_of(given[1])).pattern
    return computed(Kind.BOOLEAN, given[:1], lambda c: matches(c, pattern))


def _regexp_extract(given: Sequence[Value]) -> Value:
    pattern = regular_expression(literal_text_of(given[1]))
    group = whole_number(given[2], 0, pattern.groups, "group") if given[2:] else 1
    if group > pattern.groups:
        raise ExpressionError(
            f"takes group {group} of a pattern with none; use brackets, or group 0"
        )
    return computed(Kind.TEXT, given[:1], lambda c: extract(c, pattern.pattern, group))


def _regexp_replace(given: Sequence[Value]) -> Value:
    pattern, replacement = literal_text_of(given[1]), literal_text_of(given[2])
    parts = replacement_parts(regular_expression(pattern), replacement)
    return computed(Kind.TEXT, given[:1], lambda c: replace_matches(c, pattern, parts))


SEARCH_FUNCTIONS = (
    Function(
        "instr",
        (_TEXT, _some("part")),
        "number",
        bind_columns(Kind.NUMBER, lambda c, part: _counted(F.position(part, c)), _COUNT),
        "Where a part begins, from 1; 0 if it is not in the text.",
        "instr(a, '1')",
    ),
    Function(
        "startswith",
        (_TEXT, _some("start")),
        "boolean",
        bind_columns(Kind.BOOLEAN, lambda c, part: c.startswith(part)),
        "Whether the text starts so.",
        "startswith(a, b)",
    ),
    Function(
        "endswith",
        (_TEXT, _some("end")),
        "boolean",
        bind_columns(Kind.BOOLEAN, lambda c, part: c.endswith(part)),
        "Whether the text ends so.",
        "endswith(a, b)",
    ),
    Function(
        "contains",
        (_TEXT, _some("part")),
        "boolean",
        bind_columns(Kind.BOOLEAN, lambda c, part: c.contains(part)),
        "Whether the part is in the text.",
        "contains(a, b)",
    ),
    Function(
        "regexp_like",
        (_TEXT, _written("pattern")),
        "boolean",
        _rlike,
        r"Whether a regular expression is found in the text, as `a rlike '\\d+'`.",
        r"regexp_like(a, '^\\s*\\w+[.,]\\d')",
    ),
    Function(
        "regexp_extract",
        (_TEXT, _written("pattern"), _written("group", Kind.NUMBER, optional=True)),
        "text",
        _regexp_extract,
        "A group (1 if not given, 0 for all) of the first match; empty if nothing matches.",
        r"regexp_extract(a, '([a-z]+)|(\\d+)', 2)",
    ),
    Function(
        "regexp_replace",
        (_TEXT, _written("pattern"), _written("replacement")),
        "text",
        _regexp_replace,
        "With every match replaced; `$1` in the replacement is the first group.",
        r"regexp_replace(a, '(\\d)(.)', '$2-$1')",
    ),
)
"""Their entries of the table."""
