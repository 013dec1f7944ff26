"""Measure the churn model on the sample at twelve test dates: ``make results``.

Each date has the whole protocol of its own: candidates are compared before it, one is chosen and
trained, and the date's customers are scored once, beside the baselines. Writes docs/results.md, and
exits with an error where a figure at the default test date falls short.
"""

import argparse
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd

from benchmarks.results import machine, today
from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, NUMERIC_FEATURES
from goldrun.features.labels import CHURNED, churn_labels
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
from goldrun.learning.churn.baselines import BG_NBD, FREQUENCY, NAMES, RECENCY, baseline_scores
from goldrun.learning.churn.choice import choose_candidate, earlier_origins
from goldrun.learning.churn.classifier import churn_probability, fit_churn
from goldrun.learning.churn.comparison import LABELS, comparison_metrics, interval_of
from goldrun.learning.churn.settings import ChurnSettings

log = logging.getLogger("goldrun")

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results.md"
SOURCE = "online_retail"
WEEKS = 12
HEAD = """\
# Results of the churn model

Written by `make results`, on the sample (UCI Online Retail), {date}; {machine}.

A customer churns who completes no order in the {days} days from the test date. Candidates
([`models/churn.toml`](../models/churn.toml)) are compared at dates before the test date, the chosen
one is trained on origins whose labels were known on the test date, and the test date's customers
are scored once.
Intervals are of 95 %, from 2,000 draws of customers that all scores share.

"""


@dataclass(frozen=True)
class Result:
    """The chosen candidate at one test date, and the result of ``comparison_metrics``."""

    day: date
    candidate: str
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Aim:
    """A figure at the default test date, and the range that it has to be in."""

    name: str
    metric: str
    low: float
    high: float

    def found(self, metrics: Mapping[str, float]) -> tuple[float, bool]:
        """Return the figure, and whether it is in the range."""
        value = metrics[self.metric]
        return value, self.low <= value <= self.high

    @property
    def text(self) -> str:
        """The range in words."""
        if self.high == float("inf"):
            return f"at least {self.low:g}" if self.low else "above 0"
        return f"at most {self.high:g}" if not self.low else f"{self.low:g} to {self.high:g}"


_ANY = float("inf")
AIMS = (
    Aim("AUC", "auc", 0.735, _ANY),
    *[Aim(f"AUC above {LABELS[n]}, lower bound", f"{n}.auc_above_low", 0, _ANY) for n in NAMES],
    Aim("Brier score", "brier", 0, 0.205),
    Aim("calibration slope", "calibration_slope", 0.85, 1.15),
    Aim("calibration error after an intercept shift", "calibration_error_shifted", 0, 0.03),
)
AIMED_AT = tuple(
    Aim(
        f"average precision above {LABELS[n]}, lower bound",
        f"{n}.average_precision_above_low",
        0,
        _ANY,
    )
    for n in NAMES
)
"""Figures that are reported and not required."""


def rows_of(folder: Path, settings: ChurnSettings, weeks: int) -> tuple[pd.DataFrame, list[date]]:
    """Build a lake of the sample, and return labelled rows of all dates and the test dates."""
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
        dates = {*tests, *_origins(settings, tests)}
        known = sorted(day for day in dates if day > history.observed_from)
        rows = snapshots(activity_in(ctx), known, history.observed_from, staged=True)
        rows = rows.localCheckpoint()
        daily = ctx.lake.read(CUSTOMER_DAILY.name)
        labelled = rows.join(
            churn_labels(daily, rows, settings.horizon_days), [CUSTOMER_ID, gold.AS_OF]
        )
        names = [column.name for column in NUMERIC_FEATURES]
        frame = to_pandas(labelled, [CUSTOMER_ID, gold.AS_OF], [*names, CHURNED], seed=0)
    return frame, tests


def _origins(settings: ChurnSettings, tests: list[date]) -> Iterator[date]:
    most = settings.max_origins + earlier_origins(settings)
    for test in tests:
        for week in range(most):
            yield test - timedelta(days=settings.horizon_days + 7 * week)


def measure(rows: pd.DataFrame, settings: ChurnSettings, test: date) -> Result:
    """Choose, train and measure as a training run as of this test date does."""
    known = rows[rows[gold.AS_OF].isin(set(_origins(settings, [test])))]
    choice = choose_candidate(settings, known)
    origins = sorted(set(known[gold.AS_OF]))[-settings.max_origins :]
    training = known[known[gold.AS_OF].isin(origins)]
    model = fit_churn(choice.settings, training, training[CHURNED])
    tested = rows[rows[gold.AS_OF] == test]
    probability = churn_probability(model, tested, choice.settings.features)
    labels = tested[CHURNED].to_numpy(dtype="float64")
    baselines = baseline_scores(tested, settings.horizon_days)
    metrics = comparison_metrics(labels, probability, baselines, seed=settings.seed)
    log.info("%s: %s, AUC %.4f", test, choice.name, metrics["auc"])
    return Result(test, choice.name, metrics)


def page(results: list[Result], settings: ChurnSettings) -> str:
    """Return the page: the default test date against the aims, and all test dates."""
    newest = results[0]
    return (
        HEAD.format(date=today(), machine=machine(), days=settings.horizon_days)
        + f"## As of {newest.day}\n\nThe chosen candidate: {newest.candidate}.\n\n"
        + _aims(newest)
        + f"\n## As of {len(results)} weekly test dates\n\nTheir label windows overlap, so they "
        "are not independent; each has its own choice and training.\n\n" + _weekly(results)
    )


def _aims(result: Result) -> str:
    lines = ["| figure | aim | measured | |", "|---|---|--:|---|"]
    for aim in (*AIMS, *AIMED_AT):
        value, is_met = aim.found(result.metrics)
        kind = "" if aim in AIMS else " (not required)"
        lines.append(
            f"| {aim.name} | {aim.text}{kind} | {value:.4f} | {'met' if is_met else 'not met'} |"
        )
    return "\n".join(lines) + "\n"


def _weekly(results: list[Result]) -> str:
    others = (RECENCY, FREQUENCY, BG_NBD)
    head = ["test date", "customers", "base rate", "candidate", "AUC"]
    head += [f"above {LABELS[name]}" for name in others]
    head += ["average precision", f"above {LABELS[BG_NBD]}", "Brier", "slope", "shifted error"]
    lines = [f"| {' | '.join(head)} |", f"|---|--:|--:|---|{'--:|' * (len(head) - 4)}"]
    for result in results:
        found = result.metrics
        cells = [str(result.day), f"{found['rows']:.0f}", f"{found['base_rate']:.3f}"]
        cells += [result.candidate, _interval(found, "auc")]
        cells += [_interval(found, f"{name}.auc_above") for name in others]
        cells += [_interval(found, "average_precision")]
        cells += [_interval(found, f"{BG_NBD}.average_precision_above")]
        cells += [f"{found['brier']:.4f}", f"{found['calibration_slope']:.2f}"]
        cells += [f"{found['calibration_error_shifted']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _interval(metrics: Mapping[str, float], name: str) -> str:
    found = interval_of(metrics, name)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def main() -> int:
    """Measure, write the page, and return 1 where a required figure falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="empty folder for the lake")
    parser.add_argument("--weeks", type=int, default=WEEKS)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load_model_config("churn", ChurnSettings)
    rows, tests = rows_of(given.folder, settings, given.weeks)
    results = [measure(rows, settings, test) for test in tests]
    PAGE.write_text(page(results, settings), encoding="utf-8")
    short = [aim.name for aim in AIMS if not aim.found(results[0].metrics)[1]]
    log.info("%s written; short: %s", PAGE.name, ", ".join(short) or "nothing")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
