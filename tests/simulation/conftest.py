"""A small marketplace with every kind of fault, read back without goldrun's readers."""

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from goldrun.jobs.simulate.simulation import write_marketplace
from goldrun.simulation.draws import Draws
from goldrun.simulation.layouts import LAYOUTS
from goldrun.simulation.marketplace import activity
from goldrun.simulation.options import ALL, read_settings
from goldrun.simulation.parameters import Settings
from goldrun.simulation.process import people

CUSTOMERS = 150


@dataclass(frozen=True)
class Written:
    """A simulated marketplace on disk."""

    settings: Settings
    folder: Path

    def lines(self, entity: str) -> list[bytes]:
        """Return every line of an entity's files except the headers."""
        layout = LAYOUTS[entity]
        found: list[bytes] = []
        for file in sorted((self.folder / entity).glob(f"part-*{layout.suffix}")):
            raw = file.read_bytes()
            lines = (gzip.decompress(raw) if file.suffix == ".gz" else raw).split(b"\n")
            assert lines.pop() == b"", f"{file} does not end its last line"
            if layout.format == "csv":
                assert lines.pop(0).decode() == ",".join(layout.header)
            found += lines
        return found

    def clean(self, entity: str) -> list[bytes]:
        """Return the lines without planted faults."""
        return [
            line
            for line in self.lines(entity)
            if line.startswith((b",", b'{"')) and not line.startswith(b'{"trace"')
        ]

    def truth(self, table: str) -> pd.DataFrame:
        """Read a table of the truth."""
        return pd.read_parquet(self.folder / "truth" / table)


def csv_fields(line: bytes, entity: str) -> dict[str, str]:
    """Return the fields of a CSV line by name, read by Python's csv."""
    (values,) = csv.reader(io.StringIO(line.decode()), strict=True)
    return dict(zip(LAYOUTS[entity].header, values, strict=True))


def rows_of(settings: Settings) -> dict[str, pd.DataFrame]:
    """Return every row of a marketplace."""
    draws = Draws(settings.seed)
    return activity(settings, draws, people(settings, draws, np.arange(settings.customers)))


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Written:
    settings = read_settings(customers=CUSTOMERS, dirt=ALL)
    folder = tmp_path_factory.mktemp("simulated")
    write_marketplace(settings, folder, processes=1)
    return Written(settings, folder)
