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
    return lake.exists(table.name) and bool(other_types(_stored(lake, table), table))


def _stored(lake: Lake, table: Table) -> DataFrame:
    # Not by the lake, which does not read a table that does not fit its contract.
    return lake.engine.tables.read(lake.path(table.name), None)


def retype(
    lake: Lake, table: Table, completed: Callable[[DataFrame], DataFrame] | None = None
) -> None:
    """Rewrite a stored table with the types of its contract, in one commit.

    Columns that the contract does not have are kept; those that the table does not have are not
    added.

    Args:
        lake: The tables; the caller has locked this one.
        table: The contract.
        completed: Computes columns from the cast rows anew; None for none.

    Raises:
        ContractError: A value is not of its new type; the table is unchanged.
    """
    stored = _stored(lake, table)
    known = [c for c in table.columns if c.name in stored.columns]
    key = tuple(name for name in table.key if name in stored.columns)
    wide = replace(table, columns=(*known, *columns_beside(stored, table)), key=key)
    rows = with_types(stored, table)
    rows = conform(completed(rows) if completed else rows, wide)
    with lake.engine.tables.stage(lake.path(table.name), wide, [rows], reused=True) as staged:
        if key == table.key:
            check_values(staged.rows, wide)
        staged.write("overwrite", retypes=True)
