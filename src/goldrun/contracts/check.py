"""A frame against its contract, before it is written."""

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
    return rows.select(*table.names)


def other_columns(rows: DataFrame, table: Table) -> list[str]:
    """Say which of the contract's columns a frame does not have, or has of another type."""
    # Compared as text: whether a nested value may be null differs by how it was computed.
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
    """What rows were found to be that keep their contract.

    Attributes:
        rows: How many.
        spans: Smallest and largest value of each column of the key; empty for no rows.
    """

    rows: int
    spans: Mapping[str, tuple[Any, Any]]


def check_values(rows: DataFrame, table: Table) -> Checked:
    """Look for nulls, values out of range and repeated keys, in one grouping.

    Args:
        rows: The frame about to be written; read again where something is wrong, to say what.
        table: Its contract.

    Returns:
        What was seen on the way.

    Raises:
        ContractError: Something is there that the contract forbids.
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
    """Check the values of a table that was computed in parts; return how many rows they have.

    Each part is checked by itself, which takes memory for its own keys. Where the spans of the
    parts leave room for a key in two of them, they are checked once more as one.

    Args:
        parts: The frames about to be written, in the order of the table.
        table: Its contract.

    Raises:
        ContractError: Something is there that the contract forbids.
    """
    seen = [check_values(part, table) for part in parts]
    if not any(_follow(seen, name) for name in table.key):
        return check_values(reduce(DataFrame.unionByName, parts), table).rows
    return sum(each.rows for each in seen)


def _follow(seen: Sequence[Checked], name: str) -> bool:
    """Whether all values of a column of the key are smaller in each part than in the next."""
    spans = [each.spans[name] for each in seen if each.rows]
    return all(before[1] < after[0] for before, after in pairwise(spans))


def breaks(table: Table) -> SparkColumn:
    """Whether a row breaks the contract, its key standing twice apart."""
    # Hundreds of counters at once cost more than the rows: they are made for what is wrong only.
    return F.expr(" OR ".join(f"coalesce({broken}, false)" for broken in _broken(table).values()))


def refusal(rows: DataFrame, table: Table) -> ContractError:
    """Say everything that is wrong with rows that break their contract."""
    return ContractError(f"{table.name} was not written: {'; '.join(_said(rows, table))}")


def _broken(table: Table) -> dict[str, str]:
    """What the contract forbids, by its words, in SQL: a text crosses into the JVM in one piece."""
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


def _said(rows: DataFrame, table: Table) -> list[str]:
    broken = _broken(table)
    counts = [F.count_if(F.expr(c)).alias(f"c{i}") for i, c in enumerate(broken.values())]
    found = rows.agg(*counts).collect()[0]
    wrong = [f"{what} in {n} rows" for what, n in zip(broken, found, strict=True) if n]
    repeated = rows.groupBy(*table.key).count().where("count > 1").limit(1).collect()
    if repeated:
        key = ", ".join(f"{name}={repeated[0][name]}" for name in table.key)
        wrong.append(f"{key} is there {repeated[0]['count']} times")
    return wrong
