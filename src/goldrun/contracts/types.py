"""Compare the types of stored rows with those of a contract, and cast them."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.table import Column, Table


def other_types(rows: DataFrame, table: Table) -> list[Column]:
    """Return the columns of a contract that rows have with another type."""
    # As text, because the nullability of nested values depends on how they are computed.
    stored = {field.name: field.dataType.simpleString() for field in rows.schema}
    return [c for c in table.columns if stored.get(c.name, "") not in ("", c.type.simpleString())]


def with_types(rows: DataFrame, table: Table) -> DataFrame:
    """Cast the columns of rows that have another type than the contract's."""
    others = {c.name: F.col(c.name).cast(c.type) for c in other_types(rows, table)}
    return rows.withColumns(others) if others else rows


def columns_beside(rows: DataFrame, table: Table) -> list[Column]:
    """Return the columns of rows that the contract does not have, as optional columns."""
    return [
        Column(field.name, field.dataType, "Added by others.", null_means="not known")
        for field in rows.schema
        if field.name not in table.names
    ]
