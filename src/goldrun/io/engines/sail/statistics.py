"""What Delta's log says of a Parquet file, from the file's own footer: rows, nulls, spans."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq

from goldrun.errors import StorageError

_MILLISECOND = timedelta(milliseconds=1)


def statistics(footer: pq.FileMetaData, columns: Sequence[str]) -> str:
    """The ``stats`` of an ``add`` action, as Delta's protocol words them.

    Spans are bounds: a text may be cut short, a time is rounded away to whole milliseconds, which
    is all that some readers know, and a decimal to the next double that JSON can hold.

    Args:
        footer: Of the file.
        columns: Which columns to tell of; those that are nested are passed over.
    """
    told: dict[str, Any] = {"numRecords": footer.num_rows}
    told |= {"minValues": {}, "maxValues": {}, "nullCount": {}}
    wanted = set(columns)
    for name, chunks in _leaves(footer).items():
        if name not in wanted or any(chunk is None for chunk in chunks):
            continue
        if all(chunk.has_null_count for chunk in chunks):
            told["nullCount"][name] = sum(chunk.null_count for chunk in chunks)
        if (span := _span(chunks)) is not None:
            told["minValues"][name], told["maxValues"][name] = span
    return json.dumps(told)


def null_counts(footer: pq.FileMetaData) -> dict[str, int]:
    """How many nulls each column has that is not nested.

    Raises:
        StorageError: The footer does not say.
    """
    counts = {}
    for name, chunks in _leaves(footer).items():
        if any(chunk is None or not chunk.has_null_count for chunk in chunks):
            raise StorageError(
                f"a file that was to be written does not tell the nulls of {name}: leave Sail's "
                "own settings (SAIL_PARQUET__...) as they are, then run the same command again"
            )
        counts[name] = sum(chunk.null_count for chunk in chunks)
    return counts


def _leaves(footer: pq.FileMetaData) -> dict[str, list[Any]]:
    """What is told of each column that is not nested, by row group."""
    paths = [footer.schema.column(n).path for n in range(footer.num_columns)]
    groups = [footer.row_group(n) for n in range(footer.num_row_groups)]
    return {
        path: [group.column(n).statistics for group in groups]
        for n, path in enumerate(paths)
        if "." not in path
    }


def _span(chunks: Sequence[Any]) -> tuple[Any, Any] | None:
    """Bounds of a column; None when not all row groups tell them, or JSON can't."""
    spans = [chunk for chunk in chunks if chunk.has_min_max]
    if not spans or len(spans) < sum(chunk.num_values > 0 for chunk in chunks):
        return None
    try:
        lower = _told(min(chunk.min for chunk in spans), -math.inf)
        upper = _told(max(chunk.max for chunk in spans), math.inf)
    except (OverflowError, ValueError):
        # A year that Python does not have, such as 0 or 10000.
        return None
    return None if lower is None or upper is None else (lower, upper)


def _told(value: Any, away: float) -> Any:
    """A bound in JSON, rounded away; None for what has none there, as truth and bytes."""
    if isinstance(value, datetime):
        return _instant(value, up=away > 0)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(near) == value else math.nextafter(near, away)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _instant(moment: datetime, *, up: bool) -> str:
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    if up and whole < moment:
        whole += _MILLISECOND
    aware = whole if whole.tzinfo else whole.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
