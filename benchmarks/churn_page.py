"""The page of the churn model's results: figures against their aims, and all test dates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from benchmarks.results import machine, today
from goldrun.learning.churn.baselines import BG_NBD, NAMES
from goldrun.learning.churn.comparison import LABELS, interval_of

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
    """A figure, and the range that it has to be in.

    Attributes:
        name: The figure in words.
        metric: Its name among the metrics, such as those of ``comparison_metrics``.
        above: What it has to exceed, or None.
        at_least: The least that is accepted, or None.
        at_most: The most that is accepted, or None.
        is_required: Whether a figure outside the range is an error.
    """

    name: str
    metric: str
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    is_required: bool = True

    def is_short(self, metrics: Mapping[str, float]) -> bool:
        """Return whether the figure is required and outside the range."""
        return self.is_required and not self.is_met(metrics[self.metric])

    def is_met(self, value: float) -> bool:
        """Return whether a value is in the range; NaN is not."""
        return (
            (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    @property
    def text(self) -> str:
        """The range in words."""
        limits = {"above": self.above, "at least": self.at_least, "at most": self.at_most}
        return ", ".join(f"{word} {limit:g}" for word, limit in limits.items() if limit is not None)


def _leads(metric: str, name: str, *, is_required: bool) -> list[Aim]:
    return [
        Aim(
            f"{name} above {LABELS[baseline]}, lower bound",
            f"{baseline}.{metric}_above_low",
            above=0,
            is_required=is_required,
        )
        for baseline in NAMES
    ]


AIMS = (
    Aim("AUC", "auc", at_least=0.735),
    *_leads("auc", "AUC", is_required=True),
    Aim("Brier score", "brier", at_most=0.205),
    Aim("calibration slope", "calibration_slope", at_least=0.85, at_most=1.15),
    Aim("calibration error after an intercept shift", "calibration_error_shifted", at_most=0.03),
    *_leads("average_precision", "average precision", is_required=False),
)


def page(results: list[Result], horizon_days: int, times: str = "") -> str:
    """Return the page: the default test date against the aims, all test dates, and times."""
    newest = results[0]
    return (
        HEAD.format(date=today(), machine=machine(), days=horizon_days)
        + f"## As of {newest.day}\n\nThe chosen candidate: {newest.candidate}.\n\n"
        + against(AIMS, newest.metrics)
        + f"\n## As of {len(results)} weekly test dates\n\nTheir label windows overlap, so they "
        "are not independent; each has its own choice and training.\n\n" + _weekly(results) + times
    )


def against(aims: Sequence[Aim], metrics: Mapping[str, float]) -> str:
    """Return a table of figures, their aims, and whether each is met."""
    lines = ["| figure | aim | measured | |", "|---|---|--:|---|"]
    for aim in aims:
        value = metrics[aim.metric]
        kind = "" if aim.is_required else " (not required)"
        met = "met" if aim.is_met(value) else "not met"
        lines.append(f"| {aim.name} | {aim.text}{kind} | {value:.4f} | {met} |")
    return "\n".join(lines) + "\n"


def _weekly(results: list[Result]) -> str:
    head = ["test date", "customers", "base rate", "candidate", "AUC"]
    head += [f"above {LABELS[name]}" for name in NAMES]
    head += ["average precision", f"above {LABELS[BG_NBD]}", "Brier", "slope", "shifted error"]
    lines = [f"| {' | '.join(head)} |", f"|---|--:|--:|---|{'--:|' * (len(head) - 4)}"]
    for result in results:
        found = result.metrics
        cells = [str(result.day), f"{found['rows']:.0f}", f"{found['base_rate']:.3f}"]
        cells += [result.candidate, _interval(found, "auc")]
        cells += [_interval(found, f"{name}.auc_above") for name in NAMES]
        cells += [_interval(found, "average_precision")]
        cells += [_interval(found, f"{BG_NBD}.average_precision_above")]
        cells += [f"{found['brier']:.4f}", f"{found['calibration_slope']:.2f}"]
        cells += [f"{found['calibration_error_shifted']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _interval(metrics: Mapping[str, float], name: str) -> str:
    found = interval_of(metrics, name)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
