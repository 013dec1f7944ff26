"""A frame against its contract, before it is written."""

from functools import reduce

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
    # Compared as text: whether a nested value may be null differs by how it was computed.
    types = {field.name: field.dataType.simpleString() for field in rows.schema}
    wrong = [f"no column {name}" for name in table.names if name not in types]
    wrong += [
        f"unknown column {name}{did_you_mean(name, table.names)}"
        for name in types
        if name not in table.names
    ]
    wrong += [
        f"{c.name} is {types[c.name]}, not {c.type.simpleString()}"
        for c in table.columns
        if c.name in types and types[c.name] != c.type.simpleString()
    ]
    if wrong:
        raise ContractError(f"{table.name} was not written: {'; '.join(wrong)}")
    return rows.select(*table.names)


def check_values(rows: DataFrame, table: Table) -> None:
    """Look for nulls, values out of range and repeated keys, in one grouping.

    Args:
        rows: The frame about to be written; read again where something is wrong, to say what.
        table: Its contract.

    Raises:
        ContractError: Something is there that the contract forbids.
    """
    broken = _broken(table)
    # Hundreds of counters at once cost more than the rows: they are made for what is wrong only.
    any_broken = reduce(lambda a, b: a | b, [F.coalesce(c, F.lit(False)) for c in broken.values()])
    by_key = rows.groupBy(*table.key).agg(
        F.count("*").alias(_TIMES), F.bool_or(any_broken).alias(_BROKEN)
    )
    if not by_key.where(f"{_TIMES} > 1 OR {_BROKEN}").isEmpty():
        raise ContractError(f"{table.name} was not written: {'; '.join(_said(rows, table))}")


def _broken(table: Table) -> dict[str, SparkColumn]:
    """What the contract forbids, each by its words."""
    broken = {}
    for c in table.columns:
        value = F.col(c.name)
        if c.required or c.name in table.key:
            broken[f"{c.name} is null"] = value.isNull()
        if c.minimum is not None:
            broken[f"{c.name} is below {c.minimum}"] = value < c.minimum
        if c.maximum is not None:
            broken[f"{c.name} is above {c.maximum}"] = value > c.maximum
        if isinstance(c.type, (T.DoubleType, T.FloatType)):
            broken[f"{c.name} is NaN"] = F.isnan(c.name)
        if c.allowed:
            broken[f"{c.name} is not allowed"] = ~value.isin(*c.allowed)
    return broken


def _said(rows: DataFrame, table: Table) -> list[str]:
    broken = _broken(table)
    counts = [F.count_if(c).alias(f"c{i}") for i, c in enumerate(broken.values())]
    found = rows.agg(*counts).collect()[0]
    wrong = [f"{what} in {n} rows" for what, n in zip(broken, found, strict=True) if n]
    repeated = rows.groupBy(*table.key).count().where("count > 1").limit(1).collect()
    if repeated:
        key = ", ".join(f"{name}={repeated[0][name]}" for name in table.key)
        wrong.append(f"{key} is there {repeated[0]['count']} times")
    return wrong
