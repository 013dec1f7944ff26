"""The simulated feed, which is deterministic, and the expected figures of 1,030 rows."""

from datetime import UTC, datetime
from pathlib import Path

from tests.project_copy import ROOT

ROWS = 1_030
NOW = datetime(2026, 1, 2, tzinfo=UTC)
"""When the streams of these tests start."""
PRINTED = {
    "27": (11, "633.60", "57.60"),
    "16": (11, "621.50", "56.50"),
    "7": (11, "611.60", "55.60"),
    "3": (11, "607.20", "55.20"),
    "23": (11, "629.20", "57.20"),
    "88": (10, "587.00", "58.70"),
    "91": (10, "590.00", "59.00"),
    "68": (10, "567.00", "56.70"),
    "73": (10, "572.00", "57.20"),
    "32": (10, "531.00", "53.10"),
}
"""Orders, total spend and average of ten users."""


def feed(folder: Path, rows_a_batch: int) -> str:
    """Write the feed's settings with the given batch size; return the file's path."""
    shipped = (ROOT / "pipelines/sources/rate.toml").read_text()
    lines = [
        'feed = "rate-micro-batch"'
        if line.startswith("feed =")
        else f"feed_rows = {rows_a_batch}"
        if line.startswith("feed_rows =")
        else line
        for line in shipped.splitlines()
    ]
    file = folder / "brief.toml"
    file.write_text("\n".join(lines))
    return str(file)
