"""Profile a gold table: rows, columns, nulls and ranges."""

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
    """Profile of a table.

    Attributes:
        table: ``layer/name``.
        rows: Number of rows.
        columns: One row a column: ``column, nulls, minimum, maximum, unit``; minimum and maximum
            are text, null for text columns.
    """

    table: str
    rows: int
    columns: pd.DataFrame

    def metrics(self) -> dict[str, float]:
        """Return ``<table>.total_records``, ``.total_columns``, and nulls and range of each column.

        Only numeric columns have a range.
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
    """Compute the nulls and the range of each column.

    For a stored table, Sail answers from the statistics of the files if it can.
    """
    # Text columns have no range: the smallest and largest id would identify persons.
    ranged = [c.name for c in table.columns if not isinstance(c.type, T.StringType)]
    # Counting values needs no rows if statistics exist; counting nulls by a condition would read
    # them. Text columns are aggregated separately: statistics may lack them, and one column without
    # statistics makes the engine read the others of the same aggregate as well.
    values = _aggregate(rows, {name: F.count(name) for name in table.names if name not in ranged})
    values |= _aggregate(
        rows,
        {name: F.count(name) for name in ranged}
        | {_LOWEST + name: F.min(name).cast("string") for name in ranged}
        | {_HIGHEST + name: F.max(name).cast("string") for name in ranged},
    )
    total = values[_ROWS]
    ranges = [
        (
            c.name,
            total - values[c.name],
            values.get(_LOWEST + c.name),
            values.get(_HIGHEST + c.name),
        )
        for c in table.columns
    ]
    columns = pd.DataFrame(ranges, columns=["column", "nulls", "minimum", "maximum"])
    columns["unit"] = [c.unit for c in table.columns]
    return Profile(table.name, int(total), columns)


def _aggregate(rows: DataFrame, aggregates: dict[str, SparkColumn]) -> dict[str, Any]:
    """Return the results of aggregates by name, and the number of rows as ``_ROWS``."""
    found = rows.agg(F.count("*"), *aggregates.values()).collect()[0]
    return dict(zip((_ROWS, *aggregates), found, strict=True))
