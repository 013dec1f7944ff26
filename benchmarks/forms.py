"""Compare bronze of a CSV file with line breaks in quotes, and of other forms, with a plain one.

    make bench-forms ROWS=1000000 ROUNDS=3

All files have the same rows. Each round reads each of them into a lake of its own, in turn, in one
session. Adds lines with medians, and the median of each round's ratio, to benchmarks/forms.md.
"""

import argparse
import csv
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.results import add_line, machine, today
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.registry import ENGINES
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
_COLUMNS = ("id", "who", "sold", "amount", "note")
_TOML = """
[transactions]
path = "{file}"
{form}
[transactions.columns]
transaction_id = "id"
customer_id = "who"
transaction_date = "sold"
quantity = "1"
price = "amount"
amount = "amount"
transaction_status = "'completed'"
"""
PLAIN = "plain CSV"


def _rows(rows: int, gap: str) -> Iterator[tuple[str, ...]]:
    for v in range(rows):
        amount, note = f"{v % 97 + 1}.{v % 100:02}", f'leave it, {v},{gap}at the "door"'
        yield f"t{v}", f"c{v % 40000}", "2024-05-01T10:00:00Z", amount, note


def _write_csv(file: Path, rows: int, gap: str, encoding: str = "utf-8") -> None:
    with file.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([_COLUMNS, *_rows(rows, gap)])


def _write_parquet(file: Path, rows: int) -> None:
    columns = zip(*_rows(rows, " "), strict=True)
    pq.write_table(pa.table(dict(zip(_COLUMNS, map(list, columns), strict=True))), file)


FORMS: dict[str, tuple[str, str, Callable[[Path, int], None]]] = {
    PLAIN: ("plain.csv", "", lambda file, rows: _write_csv(file, rows, " ")),
    "CSV with a line break in each record": (
        *("breaks.csv", ""),
        lambda file, rows: _write_csv(file, rows, "\n"),
    ),
    "plain CSV in UTF-16": (
        *("wide.csv", ""),
        lambda file, rows: _write_csv(file, rows, " ", "utf-16"),
    ),
    "Parquet": ("x.parquet", 'format = "parquet"', _write_parquet),
}
"""File name, settings and writer by form."""


def seconds(engine: Engine, tracker: Tracker, folder: Path, form: str) -> float:
    """Read a file into bronze of a new lake; return the seconds."""
    name, settings, _ = FORMS[form]
    toml = folder / "shop.toml"
    toml.write_text(_TOML.format(file=folder / name, form=settings))
    with tempfile.TemporaryDirectory(dir=folder) as lake:
        source, now = load_source(str(toml)), datetime.now(UTC)
        began = time.monotonic()
        bronze.run(Context(Lake(engine, lake), tracker, source, now))
        return time.monotonic() - began


def measure(name: str, rows: int, rounds: int) -> dict[str, list[float]]:
    """Write the files, and read each of them in every round; return the seconds by form."""
    with tempfile.TemporaryDirectory() as scratch, open_engine(ENGINES[name]) as engine:
        folder = Path(scratch)
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        tracker = Tracker()
        for file, _, write in FORMS.values():
            write(folder / file, rows)
        with tracker.run("benchmark", "benchmark"):
            seconds(engine, tracker, folder, PLAIN)
            taken = [
                {form: seconds(engine, tracker, folder, form) for form in FORMS}
                for _ in range(rounds)
            ]
    return {form: [each[form] for each in taken] for form in FORMS}


def main() -> int:
    """Measure, and add the lines."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.WARNING)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--engine", default="sail", choices=sorted(ENGINES))
    given = options.parse_args()
    taken = measure(given.engine, given.rows, given.rounds)
    for form, each in taken.items():
        ratios = [one / plain for one, plain in zip(each, taken[PLAIN], strict=True)]
        cells = {"date": today(), "engine": given.engine, "rows": f"{given.rows:,}", "form": form}
        cells |= {
            "rounds": str(given.rounds),
            "seconds of bronze": f"{statistics.median(each):.1f}",
        }
        cells |= {"ratio": f"{statistics.median(ratios):.2f}", "machine": machine()}
        log.warning("%s", add_line(RESULTS, cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
