"""Spark becomes pandas here and nowhere else."""

import hashlib
import logging
from collections.abc import Sequence

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

log = logging.getLogger(__name__)

ROW_LIMIT = 2_000_000
"""Rows that a training frame may have before it is sampled."""


def to_pandas(
    rows: DataFrame,
    key: Sequence[str],
    numbers: Sequence[str],
    *,
    seed: int,
    limit: int = ROW_LIMIT,
    quiet: bool = False,
) -> pd.DataFrame:
    """Bring named columns into memory, sorted by key.

    Args:
        rows: The frame.
        key: Columns that identify a row, kept as they are.
        numbers: Columns that become float64; null becomes NaN.
        seed: Seed of the sample.
        limit: With more rows than this a sample of about this size is taken, and a warning says
            so.
        quiet: Whether to say nothing of how much was brought.

    Returns:
        ``key`` and ``numbers``, one row a row.
    """
    named = rows.select(*key, *[F.col(name).cast("double").alias(name) for name in numbers])
    total = named.count()
    if total > limit:
        log.warning("Sampling %s of %s rows (seed %s)", f"{limit:,}", f"{total:,}", seed)
        named = named.sample(fraction=limit / total, seed=seed)
    frame = named.toPandas().sort_values(list(key), ignore_index=True)
    level = logging.DEBUG if quiet else logging.INFO
    log.log(
        level, "    %s rows x %s columns brought into memory", f"{len(frame):,}", len(frame.columns)
    )
    return frame


def slices(total: int, key: str, limit: int = ROW_LIMIT) -> list[Column]:
    """Conditions that cut a frame so that ``to_pandas`` need not sample any part of it.

    Args:
        total: How many rows there are at most.
        key: Column by a hash of whose values they are cut.
        limit: Rows that ``to_pandas`` takes.
    """
    if total <= limit:
        return [F.lit(True)]
    # Half as large as allowed: a hash cuts only about evenly.
    parts = 2 * -(-total // limit)
    return [F.pmod(F.xxhash64(key), F.lit(parts)) == n for n in range(parts)]


def content_hash(frame: pd.DataFrame) -> str:
    """SHA-256 over column names and every value, in row order; 64 hex digits.

    Equal values have equal hashes: of the two zeros that floats have, -0.0 counts as 0.0.
    """
    floats = frame.select_dtypes("float")
    values = frame.assign(**(floats + 0.0))
    digest = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()
