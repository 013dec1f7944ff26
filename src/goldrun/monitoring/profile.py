"""What a gold table looks like: rows, columns, nulls and ranges."""

from dataclasses import dataclass

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table


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


def _ranged(column: Column) -> SparkColumn:
    """The column, or nothing where it is text: the first and the last id are somebody's."""
    is_text = isinstance(column.type, T.StringType)
    return F.lit(None) if is_text else F.col(column.name)


def profile_table(rows: DataFrame, table: Table) -> Profile:
    """Count and range every column in one pass.

    Of a stored table Sail takes all of it from the statistics of the files.
    """
    aggregates = [F.count("*")]
    for c in table.columns:
        # Values are counted, and not nulls by a condition, for which rows would have to be read.
        aggregates += [
            F.count(c.name),
            F.min(_ranged(c)).cast("string"),
            F.max(_ranged(c)).cast("string"),
        ]
    total, *found = rows.agg(*aggregates).collect()[0]
    lines = [
        (column.name, total - values, low, high, column.unit)
        for column, values, low, high in zip(
            table.columns, found[::3], found[1::3], found[2::3], strict=True
        )
    ]
    columns = pd.DataFrame(lines, columns=["column", "nulls", "minimum", "maximum", "unit"])
    return Profile(table.name, int(total), columns)
