"""Parse SQL text to a syntax tree that keeps every function's name and arguments as written."""

import logging
import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, SqlglotError, TokenError

from goldrun.medallion.expressions.kinds import ExpressionError

# The parser's own log is off: errors of an expression are raised as ExpressionError.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
_OWN_SYNTAX = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION")
_VALUES = {
    *("true", "false", "null"),
    *("current_timestamp", "current_date", "current_user", "localtimestamp"),
}
"""Words that are values, or functions without brackets, and not the names of columns."""
_QUOTED = re.compile(
    r"""`[^`]*`|(?P<raw>\b[rR])?(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.DOTALL
)
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_ESCAPES = "0123456789bnrtuUZ%_\\'\""
"""Characters that have a meaning behind a backslash."""
_WRITE = "write it as docs/reference/mapping-language.md shows"
_LONGEST = 10_000
_DEEPEST = 100


class _Tokenizer(Spark.Tokenizer):
    # A quote is written twice inside of quotes, as in standard SQL and in Spark 4.
    STRING_ESCAPES: ClassVar = ["'", '"', "\\"]


class _Parser(Spark.Parser):  # type: ignore[valid-type, misc]
    # No function is rewritten into another or gets sqlglot's meaning.
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    NO_PAREN_FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar = {name: Spark.Parser.FUNCTION_PARSERS[name] for name in _OWN_SYNTAX}
    STATEMENT_PARSERS: ClassVar[dict[str, Any]] = {}
    # array(a, b)[0] is a function and an index, which would be read as the array [0].
    TYPE_TOKENS: ClassVar = Spark.Parser.TYPE_TOKENS - Spark.Parser.NESTED_TYPE_TOKENS
    ARRAY_CONSTRUCTORS: ClassVar[dict[str, Any]] = {}


class Language(Spark):
    """Spark's SQL without its functions."""

    Tokenizer = _Tokenizer
    Parser = _Parser


def syntax_tree(sql: str) -> exp.Expr:
    """Parse one expression.

    Raises:
        ExpressionError: It is no SQL expression, or exceeds the limit of length or depth.
    """
    if len(sql) > _LONGEST:
        raise ExpressionError(f"is longer than {_LONGEST} characters; shorten it")
    _check_escapes(sql)
    word = sql.strip()
    if word.isidentifier() and word.lower() not in _VALUES:
        # Columns of a file may be named When, Order or End.
        return exp.column(word, quoted=True)
    found = _parse(sql)
    if len(found) != 1:
        raise ExpressionError(f"is not SQL: it has {len(found)} expressions; write one")
    _check_depth(found[0])
    return found[0]


def _parse(sql: str) -> list[exp.Expr]:
    """Parse a list of expressions; every error of the parser becomes an ExpressionError."""
    try:
        return [tree for tree in Language().parse(sql) if tree is not None]
    except ParseError as error:
        raise ExpressionError(f"is not SQL: {_reason(error)}; {_WRITE}") from error
    except (TokenError, SqlglotError, ArithmeticError, ValueError) as error:
        # The parser converts numbers, which may raise ValueError.
        reason = [*str(error).splitlines(), "part of it can't be read"][0]
        raise ExpressionError(f"is not SQL: {reason}; {_WRITE}") from error
    except RecursionError as error:
        raise ExpressionError("is nested too deeply; write it with fewer brackets") from error


def operands(tree: exp.Expr) -> list[exp.Expr]:
    """List the operands of a chain of one operator, such as a || b || c, nested in the tree."""
    found: list[exp.Expr] = []
    left: exp.Expr = tree
    while type(left) is type(tree):
        found.append(left.expression)
        left = left.this
    return [left, *reversed(found)]


def _check_escapes(sql: str) -> None:
    """Raise for a backslash that SQL would drop; before d, for example, it is meant for a digit."""
    texts = (found["text"] or "" for found in _QUOTED.finditer(sql) if not found["raw"])
    for escape in (one for text in texts for one in _ESCAPE.findall(text)):
        if escape[1] not in _ESCAPES:
            raise ExpressionError(
                f"has {escape} in quotes, of which SQL keeps {escape[1]!r} alone; write "
                f"\\{escape}, or r'{escape}', and in TOML such an expression in quotes that keep "
                "backslashes: '...' or '''...'''"
            )


def _check_depth(tree: exp.Expr) -> None:
    level = [tree]
    for _ in range(_DEEPEST):
        level = [part for node in level for part in node.iter_expressions()]
        if not level:
            return
    raise ExpressionError(
        f"is nested more than {_DEEPEST} deep; use functions of many values, "
        "such as concat_ws, or an IN list"
    )


def _reason(error: ParseError) -> str:
    if not error.errors:
        return str(error).splitlines()[0]
    first = error.errors[0]
    description = first["description"].split(". Line")[0].rstrip(".")
    if "Token" in description or "<class" in description:
        description = "part of it is missing"
    near = f" near {first['highlight']!r}" if first.get("highlight") else ""
    return f"{description}{near}"
