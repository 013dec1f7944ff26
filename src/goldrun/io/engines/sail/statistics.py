"""Statistics of a Parquet file for Delta's log, from the file's footer: rows, nulls, spans."""

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
    """Build the ``stats`` of an ``add`` action as JSON, as Delta's protocol defines them.

    Spans are bounds and never narrower than the values: a text may be truncated, a time is rounded
    outwards to milliseconds, which some readers expect, and a decimal to the next double.

    Args:
        footer: The file's footer.
        columns: Columns with statistics; nested ones are left out.
    """
    stats: dict[str, Any] = {"numRecords": footer.num_rows}
    stats |= {"minValues": {}, "maxValues": {}, "nullCount": {}}
    wanted = set(columns)
    for name, chunks in _leaves(footer).items():
        if name not in wanted or any(chunk is None for chunk in chunks):
            continue
        if all(chunk.has_null_count for chunk in chunks):
            stats["nullCount"][name] = sum(chunk.null_count for chunk in chunks)
        if (span := _span(chunks)) is not None:
            stats["minValues"][name], stats["maxValues"][name] = span
    return json.dumps(stats)


def null_counts(footer: pq.FileMetaData) -> dict[str, int]:
    """Count the nulls of each column that is not nested.

    Raises:
        StorageError: The footer has no counts.
    """
    counts = {}
    for name, chunks in _leaves(footer).items():
        if any(chunk is None or not chunk.has_null_count for chunk in chunks):
            raise StorageError(
                f"a file to write has no null count of {name}: leave Sail's "
                "own settings (SAIL_PARQUET__...) as they are, then run the same command again"
            )
        counts[name] = sum(chunk.null_count for chunk in chunks)
    return counts


def _leaves(footer: pq.FileMetaData) -> dict[str, list[Any]]:
    """Statistics of each column that is not nested, by row group."""
    paths = [footer.schema.column(n).path for n in range(footer.num_columns)]
    groups = [footer.row_group(n) for n in range(footer.num_row_groups)]
    return {
        path: [group.column(n).statistics for group in groups]
        for n, path in enumerate(paths)
        if "." not in path
    }


def _span(chunks: Sequence[Any]) -> tuple[Any, Any] | None:
    """Bounds of a column; None when a row group has none, or JSON can't hold them."""
    spans = [chunk for chunk in chunks if chunk.has_min_max]
    if not spans or len(spans) < sum(chunk.num_values > 0 for chunk in chunks):
        return None
    try:
        lower = _bound(min(chunk.min for chunk in spans), -math.inf)
        upper = _bound(max(chunk.max for chunk in spans), math.inf)
    except (OverflowError, ValueError):
        # Python has no such year, as 0 or 10000.
        return None
    return None if lower is None or upper is None else (lower, upper)


def _bound(value: Any, away: float) -> Any:
    """Convert a bound for JSON, rounded outwards; None for types without bounds, as booleans."""
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
