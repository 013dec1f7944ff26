"""The conversion of Spark frames to pandas."""

import hashlib
import logging
from collections.abc import Sequence

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

log = logging.getLogger(__name__)

ROW_LIMIT = 2_000_000
"""Largest number of rows of a pandas frame; larger frames are sampled."""
_PLACES = 1_000_000_000
"""Places that hashes of keys are spread over."""


def to_pandas(
    rows: DataFrame,
    key: Sequence[str],
    numbers: Sequence[str],
    *,
    seed: int,
    texts: Sequence[str] = (),
    limit: int = ROW_LIMIT,
    quiet: bool = False,
) -> pd.DataFrame:
    """Load columns of a frame into pandas, sorted by key.

    Args:
        rows: The frame.
        key: Columns that identify a row, with unchanged values. Frames with the same key and seed
            have the same sample, if they have as many rows.
        numbers: Columns that become float64; null becomes NaN.
        seed: Seed of the sample.
        texts: Further columns with unchanged values.
        limit: A frame with more rows is replaced by a sample of about this size, with a warning.
        quiet: Whether the size is logged at debug level only.

    Returns:
        ``key``, ``texts`` and ``numbers``, one row per row of the frame or of its sample.
    """
    named = rows.select(*key, *texts, *[F.col(name).cast("double").alias(name) for name in numbers])
    total = named.count()
    if total > limit:
        log.warning("Sampling %s of %s rows (seed %s)", f"{limit:,}", f"{total:,}", seed)
        # By key: which rows an engine's own sample has depends on where they are stored.
        place = F.pmod(F.xxhash64(*key, F.lit(seed)), F.lit(_PLACES))
        named = named.where(place < int(_PLACES * limit / total))
    frame = named.toPandas().sort_values(list(key), ignore_index=True)
    level = logging.DEBUG if quiet else logging.INFO
    log.log(
        level, "    %s rows x %s columns brought into memory", f"{len(frame):,}", len(frame.columns)
    )
    return frame


def slices(total: int, key: str, limit: int = ROW_LIMIT) -> list[Column]:
    """Build conditions that split a frame into parts that ``to_pandas`` need not sample.

    Args:
        total: Upper bound of the number of rows.
        key: Column whose hash selects the part of a row.
        limit: Largest number of rows of a part.
    """
    if total <= limit:
        return [F.lit(True)]
    # Half as large as allowed, because hashes split only about evenly.
    parts = 2 * -(-total // limit)
    return [F.pmod(F.xxhash64(key), F.lit(parts)) == n for n in range(parts)]


def content_hash(frame: pd.DataFrame) -> str:
    """Compute the SHA-256 of column names and all values in row order; 64 hex digits.

    Equal values have equal hashes: -0.0 counts as 0.0.
    """
    floats = frame.select_dtypes("float")
    values = frame.assign(**(floats + 0.0))
    digest = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()
