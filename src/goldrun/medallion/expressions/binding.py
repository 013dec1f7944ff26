"""Expressions of the mapping language: SQL text to a checked value, without an engine."""

from collections.abc import Callable
from functools import lru_cache

from sqlglot import exp

from goldrun.errors import did_you_mean
from goldrun.medallion.expressions import operators
from goldrun.medallion.expressions.arithmetic import arithmetic, cast, compare, negate
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Value
from goldrun.medallion.expressions.other_functions import case_when, is_null, logical_not
from goldrun.medallion.expressions.part_functions import item
from goldrun.medallion.expressions.refused import REFUSED
from goldrun.medallion.expressions.sql import operands, syntax_tree
from goldrun.medallion.expressions.table import ALIASES, FUNCTIONS
from goldrun.medallion.expressions.values import (
    file_column,
    literal_boolean,
    literal_number,
    literal_text,
    null_literal,
)

_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.IntDiv: "div",
}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_WITHOUT_BRACKETS = ("current_timestamp", "current_date", "current_user", "localtimestamp")
_REFERENCE = "write it with what docs/reference/mapping-language.md lists"


@lru_cache(maxsize=1024)
def read(sql: str) -> Value:
    """Check an expression.

    Raises:
        ExpressionError: It is not part of the mapping language; the message names a replacement.
    """
    try:
        value = _bind(syntax_tree(sql))
    except RecursionError as error:
        raise ExpressionError("is nested too deeply; write it with fewer parts") from error
    if value.kind in (Kind.LIST, Kind.ROW):
        raise ExpressionError(
            f"gives a {value.kind}; a column takes one value: write x[0], or to_json(...)"
        )
    return value


def _bind(tree: exp.Expr) -> Value:
    binder = _BINDERS.get(type(tree))
    if binder is not None:
        return binder(tree)
    if type(tree) in _ARITHMETIC:
        return arithmetic(_ARITHMETIC[type(tree)], _bind(tree.this), _bind(tree.expression))
    if type(tree) in _COMPARISONS:
        return compare(_COMPARISONS[type(tree)], _bind(tree.this), _bind(tree.expression))
    raise ExpressionError(
        f"uses {_shown(tree)}, which is not part of the mapping language; {_REFERENCE}"
    )


def _shown(tree: exp.Expr) -> str:
    words = {
        exp.Select: "a query",
        exp.Subquery: "a query",
        exp.Window: "a window",
        exp.Lambda: "a function of its own (->)",
        exp.Transform: "transform",
        exp.Concat: "two texts beside each other",
        exp.Kwarg: "an argument by name (=>)",
        exp.Interval: "an interval",
        exp.Star: "*",
        exp.Alias: "a name (as)",
    }
    return words.get(type(tree), type(tree).__name__)


def _column(tree: exp.Expr) -> Value:
    if not isinstance(tree, exp.Column) or not isinstance(tree.this, exp.Identifier):
        raise ExpressionError("uses *; name the columns, those with a point in backticks")
    if tree.args.get("table") is not None:
        name = ".".join(part.name for part in tree.parts)
        raise ExpressionError(
            f"reads {name}; a column with a point in its name stands in backticks"
        )
    name = tree.name
    if not tree.this.args.get("quoted") and name.lower() in _WITHOUT_BRACKETS:
        raise ExpressionError(
            f"uses {name}, which is not part of the mapping language: {REFUSED[name.lower()]}; "
            "a column of this name stands in backticks"
        )
    return file_column(name)


def _literal(tree: exp.Expr) -> Value:
    return literal_text(tree.name) if tree.is_string else literal_number(tree.name)


def _call(tree: exp.Expr) -> Value:
    if not isinstance(tree.this, str):
        raise ExpressionError("calls something that is no function")
    return _function(tree.this, [*tree.expressions])


def _function(written: str, arguments: list[exp.Expr]) -> Value:
    name = written.lower()
    function = FUNCTIONS.get(ALIASES.get(name, name))
    if function is not None:
        return function.call([_bind(argument) for argument in arguments])
    if name in REFUSED:
        raise ExpressionError(
            f"uses {name}, which is not part of the mapping language: {REFUSED[name]}"
        )
    near = did_you_mean(name, [*FUNCTIONS, *ALIASES])
    raise ExpressionError(
        f"uses {name}, which is not part of the mapping language{near}; {_REFERENCE}"
    )


def _named(name: str, *parts: str) -> Callable[[exp.Expr], Value]:
    """Bind a function with its own SQL syntax, whose arguments are parts of the syntax tree."""

    def bind(tree: exp.Expr) -> Value:
        given = [tree.args[part] for part in parts if tree.args.get(part) is not None]
        return _function(name, given)

    return bind


def _cast(tree: exp.Expr) -> Value:
    to = tree.args["to"]
    name = to.sql(dialect="spark").lower().partition("(")[0]
    if name.startswith(("array", "map", "struct")) or not isinstance(to, exp.DataType):
        raise ExpressionError(f"casts to {name}; a column takes one value")
    digits = [part.this for part in to.expressions]
    if not all(isinstance(d, exp.Literal) and d.name.isdigit() and len(d.name) < 4 for d in digits):
        raise ExpressionError(f"casts to {to.sql(dialect='spark').lower()}; write decimal(18,4)")
    return cast(_bind(tree.this), name, [int(d.name) for d in digits])


def _case(tree: exp.Expr) -> Value:
    subject = tree.args.get("this")
    conditions, values = [], []
    for branch in tree.args["ifs"]:
        when = _bind(branch.this)
        conditions.append(when if subject is None else compare("=", _bind(subject), when))
        values.append(_bind(branch.args["true"]))
    default = tree.args.get("default")
    return case_when(conditions, [*values, null_literal() if default is None else _bind(default)])


def _if(tree: exp.Expr) -> Value:
    other = tree.args.get("false")
    if other is None:
        raise ExpressionError("gives if two arguments; it is if(condition, value, other)")
    return case_when([_bind(tree.this)], [_bind(tree.args["true"]), _bind(other)])


def _both(tree: exp.Expr) -> Value:
    return operators.and_or(isinstance(tree, exp.And), [_bind(one) for one in operands(tree)])


def _joined(tree: exp.Expr) -> Value:
    return _function("concat", operands(tree))


def _in(tree: exp.Expr) -> Value:
    if not tree.expressions:
        raise ExpressionError("uses in with a query; list the values: x in ('a', 'b')")
    return operators.is_in(_bind(tree.this), [_bind(one) for one in tree.expressions])


def _between(tree: exp.Expr) -> Value:
    low, high = tree.args["low"], tree.args["high"]
    return operators.between(_bind(tree.this), _bind(low), _bind(high))


def _is(tree: exp.Expr) -> Value:
    if isinstance(tree.expression, exp.Null):
        return is_null(_bind(tree.this))
    if not isinstance(tree.expression, exp.Boolean):
        raise ExpressionError("uses is with something else than null, true or false")
    return operators.is_boolean(_bind(tree.this), bool(tree.expression.this))


def _trim(tree: exp.Expr) -> Value:
    side = str(tree.args.get("position") or "BOTH").upper()
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim")
    characters = tree.args.get("expression")
    if characters is None:
        return _function(name, [tree.this])
    return operators.trim(name, _bind(tree.this), _bind(characters))


def _bracket(tree: exp.Expr) -> Value:
    indexes = [_bind(index).literal for index in tree.expressions]
    if len(indexes) != 1 or not isinstance(indexes[0], int) or indexes[0] < 0:
        raise ExpressionError("takes an index that is no whole number from 0; write it as x[0]")
    return item(_bind(tree.this), indexes[0])


_BINDERS: dict[type[exp.Expr], Callable[[exp.Expr], Value]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.RawString: lambda tree: literal_text(tree.name),
    exp.Boolean: lambda tree: literal_boolean(bool(tree.this)),
    exp.Null: lambda _: null_literal(),
    exp.Paren: lambda tree: _bind(tree.this),
    exp.Anonymous: _call,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Case: _case,
    exp.If: _if,
    exp.And: _both,
    exp.Or: _both,
    exp.Not: lambda tree: logical_not(_bind(tree.this)),
    exp.Neg: lambda tree: negate(_bind(tree.this)),
    exp.DPipe: _joined,
    exp.In: _in,
    exp.Between: _between,
    exp.Like: lambda tree: operators.like(_bind(tree.this), _bind(tree.expression)),
    exp.RegexpLike: _named("regexp_like", "this", "expression"),
    exp.Is: _is,
    exp.NullSafeEQ: lambda tree: operators.null_safe_equal(
        _bind(tree.this), _bind(tree.expression)
    ),
    exp.Trim: _trim,
    exp.Substring: _named("substring", "this", "start", "length"),
    exp.StrPosition: _named("instr", "this", "substr"),
    exp.Extract: _named("extract", "expression"),
    exp.Bracket: _bracket,
}
"""What each form of SQL is bound by."""
