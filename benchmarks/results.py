"""Results of benchmarks: tables in Markdown, a line a run."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from goldrun.io.engines.memory import machine_memory


def machine() -> str:
    """Describe this machine and the versions of the libraries."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"PySpark {version('pyspark')}, Delta {version('delta-spark')}, "
        f"Sail {version('pysail')}, delta-rs {version('deltalake')}, DuckDB {version('duckdb')}, "
        f"{machine_memory() / 2**30:.1f} GiB"
    )


def today() -> str:
    """Return the date in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def add_line(path: Path, cells: Mapping[str, str]) -> str:
    """Append a line to the table with these columns; return it.

    A table that the file lacks is added to it.
    """
    head, line = (f"| {' | '.join(texts)} |" for texts in (cells.keys(), cells.values()))
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if head not in lines:
        lines += ["", head, f"|{'---|' * len(cells)}"]
    end = lines.index(head)
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    path.write_text("\n".join([*lines[:end], line, *lines[end:]]) + "\n", encoding="utf-8")
    return line
