"""A frame against its contract, before it is written."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.table import Table
from goldrun.errors import ContractError, did_you_mean


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
    """Look for nulls, values out of range and repeated keys, in one pass and one grouping.

    Args:
        rows: The frame about to be written; read twice, so persist what is dear.
        table: Its contract.

    Raises:
        ContractError: Something is there that the contract forbids.
    """
    counts = {}
    for c in table.columns:
        if c.required or c.name in table.key:
            counts[f"{c.name} is null"] = F.count_if(F.col(c.name).isNull())
        if c.minimum is not None:
            counts[f"{c.name} is below {c.minimum}"] = F.count_if(F.col(c.name) < c.minimum)
        if c.maximum is not None:
            counts[f"{c.name} is above {c.maximum}"] = F.count_if(F.col(c.name) > c.maximum)
        if isinstance(c.type, (T.DoubleType, T.FloatType)):
            counts[f"{c.name} is NaN"] = F.count_if(F.isnan(c.name))
        if c.allowed:
            counts[f"{c.name} is not allowed"] = F.count_if(~F.col(c.name).isin(*c.allowed))
    found = rows.agg(*[n.alias(f"c{i}") for i, n in enumerate(counts.values())]).collect()[0]
    wrong = [f"{what} in {n} rows" for what, n in zip(counts, found, strict=True) if n]
    repeated = rows.groupBy(*table.key).count().where("count > 1").limit(1).collect()
    if repeated:
        key = ", ".join(f"{name}={repeated[0][name]}" for name in table.key)
        wrong.append(f"{key} is there {repeated[0]['count']} times")
    if wrong:
        raise ContractError(f"{table.name} was not written: {'; '.join(wrong)}")
