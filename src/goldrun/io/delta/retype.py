"""Give a stored table the types of its contract, which have changed since it was created."""

from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import DataFrame

from goldrun.contracts.check import check_values, conform
from goldrun.contracts.table import Table
from goldrun.contracts.types import columns_beside, other_types, with_types
from goldrun.io.delta.lake import Lake


def has_other_types(lake: Lake, table: Table) -> bool:
    """Whether a stored table has a column of its contract with another type."""
    return lake.exists(table.name) and bool(other_types(lake.read(table.name), table))


def retype(
    lake: Lake, table: Table, completed: Callable[[DataFrame], DataFrame] | None = None
) -> None:
    """Rewrite a stored table with the types of its contract, in one commit.

    Columns that the contract does not have are kept.

    Args:
        lake: The tables; the caller has locked this one.
        table: The contract.
        completed: Computes columns from the cast rows anew; None for none.

    Raises:
        ContractError: A value is not of its new type; the table is unchanged.
    """
    stored = lake.read(table.name)
    rows = with_types(stored, table)
    wide = replace(table, columns=(*table.columns, *columns_beside(stored, table)))
    rows = conform(completed(rows) if completed else rows, wide)
    path = lake.path(table.name)
    with lake.engine.tables.stage(path, wide, [rows], reused=True) as staged:
        check_values(staged.rows, wide)
        staged.write("overwrite", retypes=True)
