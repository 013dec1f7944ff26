"""Read an export of each layout, and write what a user has to do for it: ``make exports``.

Each layout is written by the tests, proposed, edited as a user would, and refined; the rows in
silver, their customers and the money of completed ones are compared with plain Python.
"""

import argparse
import csv
import io
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.rates import RATES
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.settings import load_source
from goldrun.jobs.check.sample import read_sample
from goldrun.jobs.propose.propose import propose
from goldrun.medallion.whole_build import refine_entities
from tests.exports.layouts import LAYOUTS, Layout, Truth
from tests.pipelines.test_presets import EXPORTS, Export
from tests.project_copy import ROOT

PAGE = ROOT / "docs" / "reference" / "exports.md"
HEAD = """\
# Exports, and what it takes to read them

Written by `make exports`: it makes small files in these layouts, proposes the settings, edits them
as a user would, and compares the rows in silver, their customers and the money of the completed
ones with plain Python. A preset and a shipped source take one command from files to champions;
`propose` and then everything are two. The lines are those of the TOML without comments, of which
the user edits some.

| export | commands | lines of TOML | edited | rows right |
|---|--:|--:|--:|--:|
"""
RETAIL = Truth(401_564, 4_371, Decimal("8887208.8940"))
"""The known truth of the shipped sample (UCI Online Retail)."""
_ALL_ROWS = 1_000_000


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    export: str
    commands: int
    lines: int
    edited: int
    found: Truth
    truth: Truth

    @property
    def is_right(self) -> bool:
        return self.found == self.truth

    def __str__(self) -> str:
        share = f"{self.found.accepted:,} of {self.truth.accepted:,}"
        right = share if self.is_right else f"{share}, **but not their customers or money**"
        return f"| {self.export} | {self.commands} | {self.lines} | {self.edited} | {right} |"


def silver_of(engine: Engine, name: str, path: str = "") -> DataFrame:
    """The transactions in silver that a run of a source would begin with."""
    source = load_source(name, path)
    sampled = read_sample(engine, source, _ALL_ROWS, datetime.now(UTC))
    bronze = {entity: each.bronze for entity, each in sampled.items()}
    rates = engine.session.createDataFrame([], RATES.schema) if source.currency else None
    return refine_entities(bronze, source, rates)["transactions"].resolution.current


def truth_of(silver: DataFrame) -> Truth:
    """What silver has of what a layout's truth says."""
    completed = F.sum(F.when(F.col("transaction_status") == "completed", F.col("amount")))
    counted = silver.agg(F.count("*"), F.count_distinct("customer_id"), completed).collect()[0]
    return Truth(counted[0], counted[1], counted[2] or Decimal(0))


def line_of(engine: Engine, layout: Layout, folder: Path) -> Line:
    """Propose, edit and refine one layout."""
    truth = layout.write(folder / "in")
    written = propose(str(folder / "in"), layout.name, folder)
    text = written.text
    for before, after in layout.edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    written.file.write_text(text)
    found = truth_of(silver_of(engine, str(written.file)))
    return Line(layout.name, 2, settings_in(text), len(layout.edits), found, truth)


def settings_in(text: str) -> int:
    """Number of lines of a TOML file without comments and blank ones."""
    return sum(bool(line.strip()) and not line.startswith("#") for line in text.splitlines())


def shipped(engine: Engine) -> Line:
    """The shipped sample, whose settings are part of the project."""
    file = ROOT / "pipelines" / "sources" / "online_retail.toml"
    found = truth_of(silver_of(engine, file.stem))
    return Line("online_retail (shipped)", 1, settings_in(file.read_text()), 0, found, RETAIL)


def preset(engine: Engine, name: str, export: Export, folder: Path) -> Line:
    """A file in the layout of a preset, which is read without any settings of the user."""
    file = folder / "export.csv"
    file.write_text(export.text, encoding="utf-8", newline="")
    sales = export.truth(list(csv.DictReader(io.StringIO(export.text))))
    paid = [Decimal(str(sale[7])) for sale in sales if sale[4] == "completed"]
    money = sum(paid, Decimal(0))
    truth = Truth(len(sales), len({sale[2] for sale in sales}), money)
    found = truth_of(silver_of(engine, name, str(file)))
    return Line(f"{name} (preset)", 1, 0, 0, found, truth)


def lines(engine: Engine, folder: Path) -> Iterator[Line]:
    """All lines of the table."""
    for name, export in EXPORTS.items():
        (folder / f"preset-{name}").mkdir()
        yield preset(engine, name, export, folder / f"preset-{name}")
    yield shipped(engine)
    for layout in LAYOUTS:
        (folder / layout.name).mkdir()
        yield line_of(engine, layout, folder / layout.name)


def main() -> int:
    """Print the table and write the page; return 1 if a row is wrong."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder, open_engine(SailEngine) as engine:
        found = []
        for line in lines(engine, Path(folder)):
            print(line, flush=True)
            found.append(line)
    PAGE.write_text(HEAD + "".join(f"{line}\n" for line in found), encoding="utf-8")
    return int(not all(line.is_right for line in found))


if __name__ == "__main__":
    sys.exit(main())
