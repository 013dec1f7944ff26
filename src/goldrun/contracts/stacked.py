"""Frames of different columns put on top of each other."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def stacked(parts: Sequence[DataFrame]) -> DataFrame:
    """Return the rows of all parts, null in the columns that theirs has not.

    What ``unionByName`` does where columns may be missing, with nulls of the column's own type: an
    engine that gives them none can't look into a struct afterwards.

    Args:
        parts: At least one; columns of the same name are of the same type.
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
