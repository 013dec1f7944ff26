"""Measure the churn model where the best possible AUC is known: ``make bench-truth``.

Customers of the simulator are scored by the churn model and by the posterior of no purchase under
the true parameters (``benchmarks.posterior``). No score of purchases alone ranks better. Adds
lines to benchmarks/truth.md.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from benchmarks.posterior import Purchases, no_purchase, rates_of
from benchmarks.results import add_line, machine, today
from goldrun.contracts import behaviour, entities, gold
from goldrun.features.activity import (
    Activity,
    customer_daily,
    customer_places,
    customer_products,
    customer_responses,
)
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, NUMERIC_FEATURES
from goldrun.features.labels import CHURNED, History, churn_labels
from goldrun.features.silver_tables import Silver
from goldrun.features.snapshots import snapshots
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.frames import to_pandas
from goldrun.io.settings import load_toml
from goldrun.io.sources.file_writer import write_parquet
from goldrun.learning.churn.model import MODEL
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.model import Frames
from goldrun.learning.origins import Origins
from goldrun.simulation.draws import Draws
from goldrun.simulation.marketplace import activity
from goldrun.simulation.parameters import Effects, Process, Season, Settings
from goldrun.simulation.process import SECONDS_A_DAY, People, people
from goldrun.simulation.rows import current

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
MODELS = Path(__file__).parent / "truth"
POSTERIOR = "posterior"
_TABLES = {
    "transactions": entities.TRANSACTIONS,
    "sessions": behaviour.SESSIONS,
    "events": behaviour.EVENTS,
    "interactions": behaviour.INTERACTIONS,
}
NO_SEASON = Season(hours=(1.0,) * 24, weekdays=(1.0,) * 7, yearly_swing=0.0)
PURCHASES_ALONE = Process(
    purchase_effects=Effects(),
    dropout_effects=Effects(),
    season=NO_SEASON,
    registered_before=1.0,
    longest_before=1.0,
)
"""All begin together, and neither visits, calls nor the calendar tell more than purchases do."""


@dataclass(frozen=True)
class World:
    """A simulated shop.

    Attributes:
        name: Its description.
        settings: Settings of the simulation.
        recorded: Entities that the shop records beside transactions.
        model: Name of the settings of churn in ``benchmarks/truth``.
    """

    name: str
    settings: Settings
    recorded: tuple[str, ...]
    model: str


_ALL = ("sessions", "events", "interactions")
_ALONE = Settings(customers=8_000, days=455, process=PURCHASES_ALONE)
_WITHOUT_SEASON = Settings(customers=8_000, days=545, process=Process(season=NO_SEASON))
WORLDS = (
    World("purchases alone", _ALONE, (), "purchases"),
    World("sessions and interactions, no season", _WITHOUT_SEASON, _ALL, "behaviour"),
    World("the default settings", Settings(customers=8_000, days=545), _ALL, "behaviour"),
)


@dataclass(frozen=True)
class Sample:
    """Labelled rows of a simulated shop at the dates of one training run, and the best score.

    Attributes:
        settings: Settings of the churn model.
        frames: Rows of training, test and choice.
        posterior: (test rows,), probability of no purchase under the true parameters.
    """

    settings: ChurnSettings
    frames: Frames
    posterior: NDArray[np.float64]

    def measure(self) -> dict[str, float]:
        """Choose, train and test; the metrics of ``Churn.evaluate``, with the posterior's."""
        frames = replace(self.frames, baselines={POSTERIOR: self.posterior})
        settings = MODEL.choose(self.settings, frames.training, frames.earlier).settings
        return MODEL.evaluate(settings, MODEL.fit(settings, frames.training), frames)

    def permuted(self, seed: int) -> "Sample":
        """Give the rows of each date one another's labels."""
        random = np.random.default_rng(seed)

        def mixed(rows: pd.DataFrame) -> pd.DataFrame:
            labels = rows.groupby(gold.AS_OF)[CHURNED].transform(random.permutation)
            return rows.assign(**{CHURNED: labels})

        known = self.frames
        mixed_up = Frames(mixed(known.training), mixed(known.test), mixed(known.earlier))
        return replace(self, frames=mixed_up)


def read_sample(engine: Engine, world: World, folder: Path) -> Sample:
    """Simulate a shop, and compute the rows of a training run at the latest test date.

    Each transaction has its final version from its day on, so that each order is a purchase with
    one probability, independently of the others.
    """
    settings = load_toml(MODELS / f"{world.model}.toml", ChurnSettings)
    draws = Draws(world.settings.seed)
    crowd = people(world.settings, draws, np.arange(world.settings.customers))
    rows = activity(world.settings, draws, crowd)
    days = _activity(_silver(engine, world, rows, folder), world.recorded)
    history = History(world.settings.start, world.settings.until - timedelta(days=1))
    origins = MODEL.origins(settings, history, None)
    frames = _frames(days, origins, history, settings)
    transactions = current(rows["transactions"], entities.TRANSACTIONS)
    posterior = _posterior(world, crowd, transactions, frames.test, settings.horizon_days)
    return Sample(settings, frames, posterior)


def _silver(engine: Engine, world: World, rows: Mapping[str, pd.DataFrame], folder: Path) -> Silver:
    def stored(name: str) -> DataFrame:
        file, table = folder / f"{name}.parquet", _TABLES[name]
        write_parquet(file, current(rows[name], table), table)
        return engine.session.read.parquet(str(file))

    others: dict[str, Any] = {name: stored(name) for name in world.recorded}
    return Silver(transactions=stored("transactions"), **others)


def _activity(silver: Silver, recorded: Sequence[str]) -> Activity:
    return Activity(
        customer_daily(silver).localCheckpoint(),
        customer_products(silver).localCheckpoint(),
        customer_responses(silver).localCheckpoint(),
        customer_places(silver).localCheckpoint(),
        frozenset(["transactions", *recorded]),
    )


def _frames(days: Activity, origins: Origins, history: History, settings: ChurnSettings) -> Frames:
    read = snapshots(days, origins.dates, history.observed_from, staged=True).localCheckpoint()
    labels = churn_labels(days.daily, read, settings.horizon_days)
    key = list(CUSTOMER_FEATURES.key)
    names = [*(column.name for column in NUMERIC_FEATURES), CHURNED]
    rows = to_pandas(read.join(labels, key), key, names, seed=settings.seed)

    def as_of(dates: Sequence[date]) -> pd.DataFrame:
        return rows[rows[gold.AS_OF].isin(dates)].reset_index(drop=True)

    return Frames(as_of(origins.train), as_of([origins.as_of]), as_of(origins.earlier))


def _posterior(
    world: World, crowd: People, transactions: pd.DataFrame, test: pd.DataFrame, horizon: int
) -> NDArray[np.float64]:
    """Return the probability of no completed order of each test row."""
    start = pd.Timestamp(world.settings.start)
    orders = transactions.drop_duplicates(entities.ORDER_ID)
    is_completed = orders[entities.TRANSACTION_STATUS] == entities.COMPLETED
    seconds = (orders[entities.TRANSACTION_DATE] - start).dt.total_seconds()
    day = (seconds / SECONDS_A_DAY)[is_completed]
    as_of = float((pd.Timestamp(test[gold.AS_OF].iloc[0]) - start).days)
    who = orders[entities.CUSTOMER_ID].astype(str)
    known = day[day < as_of].groupby(who).agg(["size", "max"]).loc[test[entities.CUSTOMER_ID]]
    number = test[entities.CUSTOMER_ID].str.removeprefix("C").astype(int).to_numpy()
    begun = np.maximum(crowd.registered, 0)[number]
    purchases = Purchases(
        count=known["size"].to_numpy(np.float64),
        last=known["max"].to_numpy(np.float64) - begun,
        age=as_of - begun,
        before=np.maximum(-crowd.registered, 0)[number],
    )
    rates = rates_of(world.settings.process, completed=float(is_completed.mean()))
    return no_purchase(rates, purchases, horizon)


def main() -> int:
    """Measure each shop, and add its line."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    with open_engine(SailEngine) as engine, tempfile.TemporaryDirectory() as folder:
        for number, world in enumerate(WORLDS):
            found = read_sample(engine, world, Path(folder) / str(number)).measure()
            log.info("%s", add_line(RESULTS, _cells(world, found)))
    return 0


def _cells(world: World, found: Mapping[str, float]) -> dict[str, str]:
    def shown(name: str) -> str:
        low, high = found[f"{name}_low"], found[f"{name}_high"]
        return f"{found[name]:.3f} [{low:.3f}, {high:.3f}]"

    return {
        "date": today(),
        "shop": world.name,
        "customers": f"{found['rows']:.0f}",
        "churned": f"{found['base_rate']:.3f}",
        "AUC of the posterior": shown(f"{POSTERIOR}.auc"),
        "of the model": shown("auc"),
        "lead": shown(f"{POSTERIOR}.auc_above"),
        "machine": machine(),
    }


if __name__ == "__main__":
    sys.exit(main())
