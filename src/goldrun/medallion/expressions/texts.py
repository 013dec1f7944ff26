"""Text functions on which engines disagree, as Python functions that all engines call."""

import re
import warnings
from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.medallion.expressions.kinds import ExpressionError

_SPECIAL = set(r"\.^$*+?()[]{}|")
_CONTROLS = [code for code in range(0x20) if f"{code:x}" != f"{code:X}"]
"""Control characters whose escape in JSON has a letter, which engines write in either case."""
_ESCAPED_BACKSLASH = "\x01"
"""Stands for one while JSON is rewritten, which has no such character itself."""
_OTHER_DIALECT = (
    (r"\(\?[=!]|\(\?<[=!]", "looking ahead or behind"),
    (r"\\[1-9]|\\k<|\(\?P=", "a reference back to a group"),
    (r"[*+?}]\+", "a possessive quantifier"),
    (r"\(\?>", "an atomic group"),
    (r"\(\?P?<", "a named group"),
    (r"\(\?[a-zA-Z-]+[:)]", "a flag inside of the pattern"),
    (r"\\[pPhHRXGQEzZAuUN]", "a class or an anchor that engines read differently"),
    (r"&&|\[\[|\[:", "a set inside of a set"),
)


def regular_expression(pattern: str) -> re.Pattern[str]:
    """Check that a pattern uses only what the dialects of regular expressions share.

    Raises:
        ExpressionError: It is no pattern, or uses a construct of some dialects only.
    """
    bare = pattern.replace("\\\\", "")
    for found, what in _OTHER_DIALECT:
        if re.search(found, bare):
            raise ExpressionError(
                f"has a pattern with {what}, which is not part of the mapping language"
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern, re.ASCII)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        raise ExpressionError(
            f"has a pattern that is no regular expression ({error}); correct it: write \\\\ "
            "in front of a bracket that is meant as it is"
        ) from error


def matches(text: Column, pattern: str) -> Column:
    """Compute whether a pattern matches anywhere in a text."""

    def found(value: str | None) -> bool | None:
        import re  # noqa: PLC0415

        return None if value is None else re.search(pattern, value, re.ASCII) is not None

    return F.udf(found, T.BooleanType(), useArrow=True)(text)


def extract(text: Column, pattern: str, group: int) -> Column:
    """Extract a group of the first match; empty if nothing matches."""

    def part(value: str | None) -> str | None:
        import re  # noqa: PLC0415

        if value is None:
            return None
        match = re.search(pattern, value, re.ASCII)
        return (match.group(group) or "") if match else ""

    return F.udf(part, T.StringType(), useArrow=True)(text)


def replace_matches(text: Column, pattern: str, template: list[str | int]) -> Column:
    """Replace each match by texts and groups."""

    def rewritten(value: str | None) -> str | None:
        import re  # noqa: PLC0415

        def one(match: re.Match[str]) -> str:
            return "".join(
                (match.group(part) or "") if isinstance(part, int) else part for part in template
            )

        return None if value is None else re.sub(pattern, one, value, flags=re.ASCII)

    return F.udf(rewritten, T.StringType(), useArrow=True)(text)


def replacement_parts(pattern: re.Pattern[str], replacement: str) -> list[str | int]:
    """Split a replacement into texts and group numbers; ``$1`` stands for the first group.

    Raises:
        ExpressionError: The pattern has no such group.
    """
    groups = pattern.groups
    parts: list[str | int] = []
    for escaped, group, dollar, bind_columns in re.findall(
        r"\\(.)|\$([0-9])|(\$|\\$)|([^\\$]+)", replacement, re.DOTALL
    ):
        if dollar or (group and int(group) > groups):
            raise ExpressionError(
                f"replaces by {replacement!r}, but the pattern has {groups} groups, $1 and so on; "
                r"write \\$ for a dollar sign"
            )
        parts.append(int(group) if group else escaped or bind_columns)
    return parts


def literal_separator(pattern: str) -> str:
    """Return the literal separator that a regular expression of ``split`` stands for.

    Raises:
        ExpressionError: It stands for more than one text.
    """
    bind_columns = re.sub(r"\\([^a-zA-Z0-9])|\[([^\\^\]])\]", lambda m: m[1] or m[2], pattern)
    if not bind_columns or _SPECIAL & set(re.sub(r"\\[^a-zA-Z0-9]|\[[^\\^\]]\]", "", pattern)):
        raise ExpressionError(
            f"splits at the pattern {pattern!r}; give the separator itself, with a backslash "
            "before a sign such as | or ., or take the part by regexp_extract"
        )
    return bind_columns


def split_at(text: Column, separator: str) -> Column:
    """Split a text at a separator."""
    literal = "".join(f"\\{c}" if c in _SPECIAL else c for c in separator)
    return F.split(text, literal)


def same_escapes(json: Column) -> Column:
    """Lower the case of JSON escapes of control characters, which differs between engines."""
    whole = F.replace(json, F.lit("\\\\"), F.lit(_ESCAPED_BACKSLASH))
    for code in _CONTROLS:
        whole = F.replace(whole, F.lit(f"\\u{code:04X}"), F.lit(f"\\u{code:04x}"))
    whole = F.replace(whole, F.lit(_ESCAPED_BACKSLASH), F.lit("\\\\"))
    return F.when(json.contains("\\u00"), whole).otherwise(json)


def json_path(path: str) -> list[str | int]:
    """Parse the steps of a path such as ``$.items[0].price`` or ``$['unit price']``.

    Raises:
        ExpressionError: It is no such path.
    """
    step = r"\.([^.\[\]'*\s]+)|\[([0-9]{1,9})\]|\['([^']+)'\]"
    if not re.fullmatch(rf"\$(?:{step})*", path):
        raise ExpressionError(
            f"has the path {path!r}; write it as $.items[0].price or $['unit price']"
        )
    return [int(i) if i else name or quoted for name, i, quoted in re.findall(step, path)]


def json_value(text: Column, path: list[str | int]) -> Column:
    """Extract the value at a path of a JSON text: strings unquoted, numbers as written."""
    return F.udf(_json_reader(path), T.StringType(), useArrow=True)(text)


def _json_reader(path: list[str | int]) -> Callable[[str | None], str | None]:
    # Nested, so that it is pickled by value: Spark's workers may lack goldrun.
    def find(value: str | None) -> str | None:
        import json  # noqa: PLC0415

        class Number(str):  # A number as it is written, which json would round.
            __slots__ = ()

        def refuse(name: str) -> object:
            raise ValueError(name)

        def to_json(part: object) -> str:
            if isinstance(part, Number):
                return str(part)
            if isinstance(part, dict):
                pairs = [f"{to_json(name)}:{to_json(value)}" for name, value in part.items()]
                return f"{{{','.join(pairs)}}}"
            if isinstance(part, list):
                return f"[{','.join([to_json(value) for value in part])}]"
            return json.dumps(part, ensure_ascii=False)

        if value is None:
            return None
        try:
            found = json.loads(value, parse_float=Number, parse_int=Number, parse_constant=refuse)
            for step in path:
                wanted = list if isinstance(step, int) else dict
                if type(found) is not wanted:
                    return None
                found = dict(enumerate(found) if wanted is list else found)[step]
            text = str(found) if isinstance(found, str) else to_json(found)
            text.encode()
        except (ValueError, LookupError, RecursionError):
            return None
        return None if found is None else text

    return find
