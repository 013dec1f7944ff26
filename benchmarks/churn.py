"""Measure the churn model on the sample at twelve test dates: ``make results``.

Each date has the whole protocol of its own: candidates are compared before it, one is chosen and
trained, and the date's customers are scored once, beside the baselines. Writes docs/results.md, and
exits with an error where a figure at the default test date, or a time, falls short.
"""

import argparse
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd

from benchmarks import times
from benchmarks.churn_page import AIMS, Result, against, page
from goldrun.contracts import gold
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, NUMERIC_FEATURES
from goldrun.features.labels import CHURNED, History, churn_labels
from goldrun.features.snapshots import snapshots
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.frames import to_pandas
from goldrun.io.settings import load_model_config, load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate.activity import activity_in, history_of
from goldrun.jobs.context import Context
from goldrun.jobs.stored_tables import STORED
from goldrun.learning.churn.model import MODEL
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.model import Frames

log = logging.getLogger("goldrun")

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results.md"
SOURCE = "online_retail"
WEEKS = 12


@dataclass(frozen=True)
class Sample:
    """Labelled rows of ``gold/customer_features`` of the sample, of tests and their origins."""

    rows: pd.DataFrame
    history: History
    tests: list[date]
    currency: str

    def measure(self, settings: ChurnSettings) -> list[Result]:
        """Measure at each test date, the latest first."""
        return [
            measure(self.rows, settings, self.history, test, self.currency) for test in self.tests
        ]


def read_sample(folder: Path, settings: ChurnSettings, weeks: int) -> Sample:
    """Build a lake of the sample, and compute the rows of the test dates and their origins."""
    lake_root = folder / "lake"
    for step in ("bronze", "silver", "gold"):
        subprocess.run(
            [sys.executable, f"pipelines/{step}.py", f"--source={SOURCE}", f"--lake={lake_root}"],
            cwd=ROOT,
            check=True,
        )
    with open_engine(SailEngine) as engine:
        ctx = Context(
            Lake(engine, str(lake_root), STORED), Tracker(), load_source(SOURCE), datetime.now(UTC)
        )
        history = history_of(ctx)
        latest = history.latest_labelled(settings.horizon_days)
        tests = [latest - timedelta(weeks=week) for week in range(weeks)]
        dates = {day for test in tests for day in MODEL.origins(settings, history, test).dates}
        rows = _labelled(ctx, settings, history, sorted(dates))
        return Sample(rows, history, tests, ctx.source.money_unit)


def _labelled(
    ctx: Context, settings: ChurnSettings, history: History, dates: list[date]
) -> pd.DataFrame:
    activity = activity_in(ctx)
    rows = snapshots(activity, dates, history.observed_from, staged=True).localCheckpoint()
    labels = churn_labels(activity.daily, rows, settings.horizon_days)
    key = list(CUSTOMER_FEATURES.key)
    names = [*(column.name for column in NUMERIC_FEATURES), CHURNED]
    return to_pandas(rows.join(labels, key), key, names, seed=settings.seed)


def measure(
    rows: pd.DataFrame, settings: ChurnSettings, history: History, test: date, currency: str
) -> Result:
    """Choose, train and measure as a training run as of this test date does."""
    origins = MODEL.origins(settings, history, test)

    def as_of(dates: Sequence[date]) -> pd.DataFrame:
        return rows[rows[gold.AS_OF].isin(dates)].reset_index(drop=True)

    frames = Frames(as_of(origins.train), as_of([test]), as_of(origins.earlier), currency)
    choice = MODEL.choose(settings, frames.training, frames.earlier)
    frames = replace(frames, baselines=MODEL.baselines(choice.settings, frames))
    fitted = MODEL.fit(choice.settings, frames.training)
    metrics = MODEL.evaluate(choice.settings, fitted, frames)
    log.info("%s: %s, AUC %.4f", test, choice.name, metrics["auc"])
    return Result(test, choice.name, metrics)


def main() -> int:
    """Measure, write the page, and return 1 where a required figure falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="empty folder for the lake")
    parser.add_argument("--weeks", type=int, default=WEEKS)
    parser.add_argument("--times", choices=("yes", "no"), default="yes", help="measure times too")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load_model_config("churn", ChurnSettings)
    results = read_sample(given.folder, settings, given.weeks).measure(settings)
    short = [aim.name for aim in AIMS if aim.is_short(results[0].metrics)]
    PAGE.write_text(page(results, settings.horizon_days), encoding="utf-8")
    if given.times == "yes":
        taken = times.measure(ROOT, given.folder / "times", SOURCE)
        table = f"\n## Times\n\n{against(times.AIMS, taken)}"
        PAGE.write_text(page(results, settings.horizon_days, table), encoding="utf-8")
        short += [aim.name for aim in times.AIMS if aim.is_short(taken)]
    log.info("%s written; short: %s", PAGE.name, ", ".join(short) or "nothing")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
