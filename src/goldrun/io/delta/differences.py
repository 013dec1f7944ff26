"""Differences between the rows of a table and the rows that it is to have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.check import breaks
from goldrun.contracts.stacked import stacked
from goldrun.contracts.table import Table

DELETE = "_delete"
EXISTS = "_exists"
INVALID = "_invalid"
_NEW_HASH, _OLD_HASH = "_new_hash", "_old_hash"


@dataclass(frozen=True)
class Replaced:
    """Rows of a table that were inserted, updated or deleted.

    Attributes:
        rows: One row per key, with the columns of the table's key and others.
        first: Smallest value of each column of the key.
    """

    rows: DataFrame
    first: Mapping[str, Any]


def content(rows: DataFrame) -> tuple[object, ...]:
    """Compute the row count and two checksums, which are equal for equal rows in any order."""
    hashed = row_hash(rows)
    total = F.sum(hashed.cast("decimal(38,0)"))
    return tuple(rows.agg(F.count("*"), total, F.bit_xor(hashed)).collect()[0])


def all_satisfy(rows: DataFrame, condition: str) -> bool:
    """Whether a condition is true for all rows; null is not true."""
    return rows.where(f"NOT coalesce({condition}, false)").isEmpty()


def row_hash(rows: DataFrame) -> Column:
    """Build a 64-bit hash of all columns, equal for equal rows."""
    # xxhash64 skips nulls, so their positions are hashed as well, and Spark hashes no maps.
    kinds = {f"`{field.name}`": field.dataType for field in rows.schema}
    values = [
        f"to_json({name})" if isinstance(kind, T.MapType) else name for name, kind in kinds.items()
    ]
    return F.expr(f"xxhash64({', '.join([*values, *[f'isnull({name})' for name in kinds]])})")


def changed_rows(new: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """Find the changes that turn stored rows into new ones, in one grouping by key.

    Args:
        new: Rows with the contract's columns.
        stored: Rows of the table.
        table: Their contract.

    Returns:
        One row per key that differs: the contract's columns, of which a key to delete has the key
        only; ``DELETE``, false for a row to insert or update and true for a key to delete;
        ``EXISTS``, whether the key is stored; and ``INVALID``, true if the new row breaks the
        contract or its key is repeated, else false or null.
    """
    key = list(table.key)
    others = [name for name in table.names if name not in key]
    fresh = new.select(*table.names, row_hash(new).alias(_NEW_HASH), breaks(table).alias(INVALID))
    old = stored.select(*key, row_hash(stored.select(*table.names)).alias(_OLD_HASH))
    # A valid key has one new row, so the maximum of each column is the value of that row.
    grouped = (
        stacked([fresh, old])
        .groupBy(*key)
        .agg(
            *[F.max(name).alias(name) for name in (*others, _NEW_HASH, _OLD_HASH)],
            (F.bool_or(INVALID) | (F.count(_NEW_HASH) > 1)).alias(INVALID),
        )
    )
    differs = F.col(INVALID) | ~F.col(_NEW_HASH).eqNullSafe(F.col(_OLD_HASH))
    return grouped.where(differs).select(
        *table.names,
        F.col(_NEW_HASH).isNull().alias(DELETE),
        F.col(_OLD_HASH).isNotNull().alias(EXISTS),
        INVALID,
    )
