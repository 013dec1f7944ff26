"""Measure how often the gate errs on simulated challengers: ``make bench-gate``.

A test set has the labels of 3,000 customers and scores of a champion, of challengers that are
equally good, and of a better one. A score is ``d * label + sqrt(c) * z + sqrt(1 - c) * e`` with
normal ``z``, which all scores of a set share, and ``e``, which is each one's own: c is the
correlation of two scores among customers with the same label, and ``d = sqrt(2) * q(AUC)``, q being
the normal quantile, gives each its true AUC. Each challenger is compared as the churn model is
(``resampling.compare``) and decided on by the gate's own rule (``defeats``).

Adds lines to benchmarks/gate_errors.md, and exits with an error where equal challengers are
promoted more often than 5 %, beyond chance.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, norm

from benchmarks.results import add_line, machine, today
from goldrun.learning.evaluation import Floats
from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.resampling import Interval, auc, compare
from goldrun.registry.defeats import defeats

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
ROWS = 3_000
CHURNED = 0.45
CHAMPION_AUC = 0.75
BETTER_BY = 0.02
CORRELATIONS = (0.5, 0.9)
LOOKS = (1, 5, 20)
ACCEPTED = 0.05
"""Largest accepted share of equal challengers that are promoted."""
LEVEL = 0.05
"""Chance of calling an accepted share too high."""


@dataclass(frozen=True)
class Rate:
    """How many of so many cases were promoted."""

    promoted: int
    cases: int

    @property
    def share(self) -> str:
        """The share in percent, with its exact 95 % interval (Clopper and Pearson)."""
        bounds = binomtest(self.promoted, self.cases).proportion_ci()
        share = self.promoted / self.cases
        return f"{share:.1%} [{bounds.low:.1%}, {bounds.high:.1%}]"

    @property
    def is_too_high(self) -> bool:
        """Whether the share is above the accepted one at a level of 5 %, one-sided."""
        test = binomtest(self.promoted, self.cases, ACCEPTED, alternative="greater")
        return bool(test.pvalue < LEVEL)


def distance(true_auc: float) -> float:
    """Return how far the mean score of positives lies above that of negatives."""
    return float(np.sqrt(2) * norm.ppf(true_auc))


def scores_of(
    random: np.random.Generator, labels: Floats, correlation: float, aucs: Mapping[str, float]
) -> dict[str, Floats]:
    """Return scores with these true areas under the curve, by name."""
    common = np.sqrt(correlation) * random.standard_normal(len(labels))
    own = np.sqrt(1 - correlation)
    return {
        name: distance(value) * labels + common + own * random.standard_normal(len(labels))
        for name, value in aucs.items()
    }


def leads(
    seed: int, correlation: float, challengers: Mapping[str, float], draws: int
) -> dict[str, HeadToHead]:
    """Simulate a test set, and compare each challenger with the champion on it.

    Args:
        seed: Seed of the set and of the bootstrap.
        correlation: Correlation of two scores among customers with the same label, 0 to 1.
        challengers: True AUC of each challenger by name.
        draws: Number of draws of the bootstrap.
    """
    # The bootstrap begins with the seed itself, and must not draw the numbers of the simulation.
    random = np.random.default_rng([seed, ROWS])
    labels = (random.random(ROWS) < CHURNED).astype(np.float64)
    scores = scores_of(random, labels, correlation, {"champion": CHAMPION_AUC, **challengers})
    found = compare({"auc": auc}, labels, scores, seed=seed, repeats=draws)["auc"]
    champion = found.each["champion"].value
    return {
        name: HeadToHead("auc", found.each[name].value, champion, 1, lead=_turned(behind))
        for name, behind in found.above.items()
    }


def _turned(behind: Interval) -> Interval:
    """Return the lead of a challenger from that of the champion; draws are the same ones."""
    return Interval(-behind.value, -behind.high, -behind.low)


def promoted(found: HeadToHead, look: int) -> bool:
    """Return whether the gate promotes at this look at the test set, counted from 1."""
    seen = HeadToHead(
        found.metric, found.challenger, found.champion, 1, lead=found.lead, looks=look - 1
    )
    return not defeats(seen, GateSettings())[0]


def single_looks(correlation: float, sets: int, draws: int) -> Iterator[tuple[str, int, Rate]]:
    """Yield, for equal and better challengers, the share that one look of a number promotes."""
    true = {"equal": CHAMPION_AUC, "better": CHAMPION_AUC + BETTER_BY}
    found = [leads(seed, correlation, true, draws) for seed in range(sets)]
    for name in true:
        for look in LOOKS:
            yield name, look, Rate(sum(promoted(each[name], look) for each in found), sets)


def any_of(correlation: float, sets: int, draws: int) -> Iterator[tuple[int, Rate]]:
    """Yield the share of sets on which one of so many equal challengers in turn is promoted."""
    names = [f"equal {number}" for number in range(max(LOOKS))]
    true = dict.fromkeys(names, CHAMPION_AUC)
    first = [
        _first_promoted([found[name] for name in names])
        for found in (leads(10_000 + seed, correlation, true, draws) for seed in range(sets))
    ]
    for looks in LOOKS[1:]:
        yield looks, Rate(sum(look <= looks for look in first), sets)


def _first_promoted(found: Sequence[HeadToHead]) -> float:
    """Return the first look, from 1, at which a challenger is promoted; infinity if none is."""
    looks = (look for look, one in zip(count(1), found, strict=False) if promoted(one, look))
    return next(looks, np.inf)


def measure(sets: int, chains: int, draws: int) -> list[dict[str, str]]:
    """Measure all rates, and return their lines.

    Args:
        sets: Test sets for one look each.
        chains: Test sets with 20 looks each.
        draws: Draws of each bootstrap.
    """
    lines = [
        _line(name, f"look {look}", correlation, rate, draws)
        for correlation in CORRELATIONS
        for name, look, rate in single_looks(correlation, sets, draws)
    ]
    closest = max(CORRELATIONS)
    return lines + [
        _line("equal", f"any of looks 1 to {looks}", closest, rate, draws)
        for looks, rate in any_of(closest, chains, draws)
    ]


def _line(name: str, looks: str, correlation: float, rate: Rate, draws: int) -> dict[str, str]:
    line = {
        "date": today(),
        "challenger": name if name == "equal" else f"better by {BETTER_BY:g}",
        "looks": looks,
        "correlation": f"{correlation:g}",
        "sets": str(rate.cases),
        "draws": str(draws),
        "promoted": rate.share,
        "accepted": "-" if name != "equal" else "no" if rate.is_too_high else "yes",
    }
    log.info("%s", line)
    return line


def main() -> int:
    """Measure, add the lines, and return 1 where equal challengers are promoted too often."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sets", type=int, default=400)
    options.add_argument("--chains", type=int, default=100)
    options.add_argument("--draws", type=int, default=500)
    given = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    began = time.monotonic()
    lines = measure(given.sets, given.chains, given.draws)
    for line in lines:
        add_line(RESULTS, line | {"machine": machine()})
    failed = any(line["accepted"] == "no" for line in lines)
    found = "promoted" if failed else "not promoted"
    log.info("%.0f s; equal ones are %s more often than 5 %%", time.monotonic() - began, found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
