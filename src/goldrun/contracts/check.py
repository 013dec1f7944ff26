"""Check the columns and values of a frame against its contract, before it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.table import Table
from goldrun.errors import ContractError, did_you_mean

_TIMES = "_times"
_BROKEN = "_broken"


def conform(rows: DataFrame, table: Table) -> DataFrame:
    """Return the contract's columns of ``rows`` in stored order.

    Raises:
        ContractError: A column is missing, unknown, or of another type.
    """
    unknown = [
        f"unknown column {name}{did_you_mean(name, table.names)}"
        for name in rows.columns
        if name not in table.names
    ]
    if wrong := [*other_columns(rows, table), *unknown]:
        raise ContractError(f"{table.name} was not written: {'; '.join(wrong)}")
    # The same frame if it can be: a new one would be analysed again.
    return rows if rows.columns == list(table.names) else rows.select(*table.names)


def other_columns(rows: DataFrame, table: Table) -> list[str]:
    """List the contract's columns that are missing in a frame or have another type."""
    # As text, because the nullability of nested values depends on how they are computed.
    types = {field.name: field.dataType.simpleString() for field in rows.schema}
    return [
        f"{c.name} is {types[c.name]}, not {c.type.simpleString()}"
        if c.name in types
        else f"no column {c.name}"
        for c in table.columns
        if types.get(c.name) != c.type.simpleString()
    ]


@dataclass(frozen=True)
class Checked:
    """Statistics of rows that satisfy their contract.

    Attributes:
        rows: Number of rows.
        spans: Smallest and largest value of each key column; empty without rows.
    """

    rows: int
    spans: Mapping[str, tuple[Any, Any]]


def check_values(rows: DataFrame, table: Table) -> Checked:
    """Check a frame for nulls, values out of range and repeated keys, in one aggregate.

    Args:
        rows: The frame; it is read again to describe violations.
        table: Contract of the frame.

    Returns:
        Number of rows and spans of the key.

    Raises:
        ContractError: A value or key violates the contract.
    """
    by_key = rows.groupBy(*table.key).agg(
        F.count("*").alias(_TIMES), F.bool_or(breaks(table)).alias(_BROKEN)
    )
    spans = [each(name) for name in table.key for each in (F.min, F.max)]
    found = by_key.agg(
        F.sum(_TIMES), F.bool_or(F.col(_BROKEN) | (F.col(_TIMES) > 1)), *spans
    ).collect()[0]
    if found[1]:
        raise refusal(rows, table)
    ends = found[2:]
    seen = {name: (ends[2 * n], ends[2 * n + 1]) for n, name in enumerate(table.key)}
    return Checked(found[0] or 0, seen if found[0] else {})


def check_parts(parts: Sequence[DataFrame], table: Table) -> int:
    """Check the values of a table that is computed in parts; return its number of rows.

    Each part is checked separately, which needs memory for the keys of one part only. If the
    spans of two parts overlap in every key column, all parts are checked again together.

    Args:
        parts: The frames, in the order of the table.
        table: Contract of the frames.

    Raises:
        ContractError: A value or key violates the contract.
    """
    seen = [check_values(part, table) for part in parts]
    if not any(_are_disjoint(seen, name) for name in table.key):
        return check_values(reduce(DataFrame.unionByName, parts), table).rows
    return sum(each.rows for each in seen)


def _are_disjoint(seen: Sequence[Checked], name: str) -> bool:
    """Whether all values of a key column in each part are smaller than those in the next."""
    spans = [each.spans[name] for each in seen if each.rows]
    return all(before[1] < after[0] for before, after in pairwise(spans))


def breaks(table: Table) -> SparkColumn:
    """Return whether a row violates the contract, apart from repeated keys.

    True for a row that does; false, or null if it has nulls, for a row that does not.
    """
    # One flag instead of hundreds of counters; violations are counted only if there are any. It can
    # be null, because filters and bool_or ignore null: with a coalesce around each condition the
    # check of 1.2 million rows takes 2.3 s instead of 1.3 s.
    return F.expr(" OR ".join(_broken(table).values()))


def refusal(rows: DataFrame, table: Table) -> ContractError:
    """Return an error that lists all violations of rows."""
    return ContractError(f"{table.name} was not written: {'; '.join(_violations(rows, table))}")


def _broken(table: Table) -> dict[str, str]:
    """Return SQL conditions of violations by description; as SQL, to send one text to the JVM."""
    broken = {}
    for c in table.columns:
        value = f"`{c.name}`"
        if c.required or c.name in table.key:
            broken[f"{c.name} is null"] = f"{value} IS NULL"
        if c.minimum is not None:
            broken[f"{c.name} is below {c.minimum}"] = f"{value} < {_number(c.minimum)}"
        if c.maximum is not None:
            broken[f"{c.name} is above {c.maximum}"] = f"{value} > {_number(c.maximum)}"
        if isinstance(c.type, (T.DoubleType, T.FloatType)):
            broken[f"{c.name} is NaN"] = f"isnan({value})"
        if c.allowed:
            allowed = ", ".join(map(_text, c.allowed))
            broken[f"{c.name} is not allowed"] = f"{value} NOT IN ({allowed})"
    return broken


def _number(value: float) -> str:
    return f"{value!r}D" if isinstance(value, float) else str(value)


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _violations(rows: DataFrame, table: Table) -> list[str]:
    broken = _broken(table)
    counts = [F.count_if(F.expr(c)).alias(f"c{i}") for i, c in enumerate(broken.values())]
    found = rows.agg(*counts).collect()[0]
    wrong = [f"{what} in {n} rows" for what, n in zip(broken, found, strict=True) if n]
    repeated = rows.groupBy(*table.key).count().where("count > 1").limit(1).collect()
    if repeated:
        key = ", ".join(f"{name}={repeated[0][name]}" for name in table.key)
        wrong.append(f"{key} has {repeated[0]['count']} rows")
    return wrong
