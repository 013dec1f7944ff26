"""What a gold table looks like: rows, columns, nulls and ranges."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.table import Table

_ROWS, _LOWEST, _HIGHEST = "*", "lowest ", "highest "


@dataclass(frozen=True)
class Profile:
    """Shape of a table.

    Attributes:
        table: ``layer/name``.
        rows: Total records.
        columns: One row a column: ``column, nulls, minimum, maximum, unit``; the range as text.
    """

    table: str
    rows: int
    columns: pd.DataFrame

    def metrics(self) -> dict[str, float]:
        """``<table>.total_records``, ``.total_columns`` and nulls and range of each column.

        The range is there for columns of numbers only.
        """
        name = self.table.split("/")[1]
        numbers = {
            f"{name}.total_records": float(self.rows),
            f"{name}.total_columns": float(len(self.columns)),
        }
        for column, nulls, low, high in self.columns[
            ["column", "nulls", "minimum", "maximum"]
        ].itertuples(index=False):
            numbers[f"{name}.{column}.nulls"] = float(nulls)
            for bound, value in (("min", low), ("max", high)):
                number = pd.to_numeric(value, errors="coerce")
                if pd.notna(number):
                    numbers[f"{name}.{column}.{bound}"] = float(number)
        return numbers


def profile_table(rows: DataFrame, table: Table) -> Profile:
    """Count and range every column.

    Of a stored table Sail takes what it can from the statistics of the files, without their rows.
    """
    # No range of texts: the first and the last id are somebody's.
    ranged = [c.name for c in table.columns if not isinstance(c.type, T.StringType)]
    # Values are counted, and not nulls by a condition, for which rows would have to be read. Texts
    # apart: not all statistics tell of them, and a column that must be read takes others along.
    told = _asked(rows, {name: F.count(name) for name in table.names if name not in ranged})
    told |= _asked(
        rows,
        {name: F.count(name) for name in ranged}
        | {_LOWEST + name: F.min(name).cast("string") for name in ranged}
        | {_HIGHEST + name: F.max(name).cast("string") for name in ranged},
    )
    total = told[_ROWS]
    lines = [
        (c.name, total - told[c.name], told.get(_LOWEST + c.name), told.get(_HIGHEST + c.name))
        for c in table.columns
    ]
    columns = pd.DataFrame(lines, columns=["column", "nulls", "minimum", "maximum"])
    columns["unit"] = [c.unit for c in table.columns]
    return Profile(table.name, int(total), columns)


def _asked(rows: DataFrame, what: dict[str, SparkColumn]) -> dict[str, Any]:
    """The answers to some aggregates, by their names, and how many rows there are."""
    found = rows.agg(F.count("*"), *what.values()).collect()[0]
    return dict(zip((_ROWS, *what), found, strict=True))
