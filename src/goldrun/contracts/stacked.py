"""Union of frames with different columns."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def stacked(parts: Sequence[DataFrame]) -> DataFrame:
    """Return the rows of all parts, with null in columns that a part lacks.

    Like ``unionByName`` with missing columns, but the nulls have the type of the column: some
    engines can't read fields of a struct from untyped nulls.

    Args:
        parts: One or more frames; columns with the same name have the same type.
    """
    types = {field.name: field.dataType for part in parts for field in part.schema}
    filled = [
        part.select(
            *[
                F.col(name) if name in part.columns else F.lit(None).cast(kind).alias(name)
                for name, kind in types.items()
            ]
        )
        for part in parts
    ]
    return reduce(DataFrame.unionByName, filled)
