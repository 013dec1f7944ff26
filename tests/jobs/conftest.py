"""A small shop: its files, its settings and its own lake."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import mlflow
import pytest

from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from tests.conftest import NOW
from tests.jobs.old_files import age
from tests.profiles import without_profiles

HEADER = "Id,Who,Quantity,Price,Amount,Time,Status,Updated"
SETTINGS = """
timezone = "UTC"
[transactions]
path = "{folder}/*.csv*"
[transactions.columns]
transaction_id = "Id"
customer_id = "Who"
quantity = "Quantity"
price = "Price"
amount = "Amount"
transaction_date = "Time"
transaction_status = "Status"
updated_at = "Updated"
"""


@dataclass
class Shop:
    """The folder of the shop's files, and the context of its steps."""

    folder: Path
    ctx: Context

    def add_file(self, name: str, *lines: str, header: str = HEADER) -> Path:
        """Write a file with these lines into the folder."""
        file = self.folder / name
        file.write_text("\n".join([header, *lines]) + "\n")
        return file

    def bronze(self) -> None:
        """Run bronze on the files, which count as complete."""
        for file in self.folder.iterdir():
            age(file)
        bronze.run(self.ctx)

    def silver(self) -> None:
        silver.run(self.ctx)

    def later(self, hours: int = 1) -> "Shop":
        """Return the shop some hours later, for another process without cached tables."""
        lake = Lake(self.ctx.lake.engine, self.ctx.lake.root)
        now = self.ctx.now + timedelta(hours=hours)
        return replace(self, ctx=replace(self.ctx, now=now, lake=lake))

    def keep(self, state: str) -> None:
        """Keep a copy of the shop's files and tables."""
        for folder in self._folders:
            shutil.copytree(folder, f"{folder}-{state}")

    def restored(self, state: str) -> "Shop":
        """Return the shop with the files and tables of a copy, for another process."""
        for folder in self._folders:
            shutil.rmtree(folder)
            shutil.copytree(f"{folder}-{state}", folder)
        return self.later(hours=0)

    @property
    def _folders(self) -> tuple[Path, Path]:
        return self.folder, Path(self.ctx.lake.root)

    def rows(self, table: str) -> int:
        """Number of rows of a table; 0 if it does not exist."""
        lake = self.ctx.lake
        return lake.read(table).count() if lake.exists(table) else 0


@pytest.fixture(scope="module", autouse=True)
def _without_profiles() -> Iterator[None]:
    """Tests of the workflow read the profiles that gold logs."""
    with without_profiles():
        yield


@pytest.fixture
def shop(engine: Engine, tracker: Tracker, tmp_path: Path) -> Shop:
    return new_shop(engine, tracker, tmp_path)


def new_shop(engine: Engine, tracker: Tracker, place: Path) -> Shop:
    """Create a shop in an empty folder, with a lake that does not exist yet."""
    folder = place / "in"
    folder.mkdir()
    settings = place / "shop.toml"
    settings.write_text(SETTINGS.format(folder=folder))
    lake = Lake(engine, str(place / "lake"))
    return Shop(folder, Context(lake, tracker, load_source(str(settings)), NOW))


@contextlib.contextmanager
def own_store(place: Path, empty_store: Path) -> Iterator[Tracker]:
    """Use a store without models in a folder, and afterwards the one that was used before."""
    before = mlflow.get_tracking_uri()
    shutil.copy(empty_store, place / "mlflow.db")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}/mlflow.db")
        yield Tracker()
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="session")
def line() -> Callable[..., str]:
    """Formats a line of a file: one order line with the minute of its update."""

    def make(key: str, status: str, minute: int, who: str = "c1", amount: str = "5") -> str:
        return f"{key},{who},1,5,{amount},2024-05-01 10:00:00,{status},2024-05-01 10:{minute:02}:00"

    return make
