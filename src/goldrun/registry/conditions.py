"""Whether a model's metrics meet the conditions of a promotion."""

from collections.abc import Mapping

from goldrun.contracts.criterion import Criterion
from goldrun.registry.metric_ranges import problem_of


def failures(criterion: Criterion, metrics: Mapping[str, float | None]) -> list[str]:
    """Return how metrics fail a criterion; empty if they meet it.

    A metric or a threshold that is no finite number of its range fails, as does a criterion without
    any condition.
    """
    bounds = (criterion.at_least, criterion.more_than, criterion.at_most, criterion.above)
    if all(bound is None for bound in bounds):
        return [f"the criterion for {criterion.metric} has no condition"]
    value = metrics.get(criterion.metric)
    if problem := problem_of(criterion.metric, value):
        return [problem]
    assert value is not None
    return [*_outside(criterion, value), *_not_above(criterion, value, metrics)]


def _outside(criterion: Criterion, value: float) -> list[str]:
    """Compare a value with the thresholds of its criterion."""
    metric, low, limit = criterion.metric, criterion.more_than, criterion.at_most
    for threshold in (criterion.at_least, low, limit):
        if threshold is not None and (problem := problem_of(metric, threshold)):
            return [f"the threshold of {problem}"]
    found = []
    if criterion.at_least is not None and value < criterion.at_least:
        short = criterion.at_least - value
        found.append(f"{metric} {value:.4f} is below {criterion.at_least:g}, by {short:.2g}")
    if low is not None and value <= low:
        found.append(f"{metric} {value:.4f} is not above {low:g}, short by {low - value:.2g}")
    if limit is not None and value > limit:
        found.append(_suspected_leak(criterion, value, limit))
    return found


def _suspected_leak(criterion: Criterion, value: float, limit: float) -> str:
    """Return what is suspicious about a value above its limit, and what to check."""
    baseline, _, name = criterion.metric.rpartition(".")
    if baseline:
        return (
            f"{criterion.metric} {value:.4f} is above {limit:g}: a simple baseline does not "
            f"predict behaviour that well, so the label may be known at the test date; check that "
            f"{baseline} and the label are of different days, and the dates in the mapping (if "
            f"they are right, raise {criterion.setting} in [gate])"
        )
    return (
        f"{name} {value:.4f} is above {limit:g}, too good to be true: a feature may know the "
        f"label; check for a feature of days after its as_of (if there is none, raise "
        f"{criterion.setting} in [gate])"
    )


def _not_above(
    criterion: Criterion, value: float, metrics: Mapping[str, float | None]
) -> list[str]:
    """Compare a value with the metric of a baseline."""
    baseline = criterion.above
    if baseline is None:
        return []
    bar = metrics.get(baseline)
    if problem := problem_of(baseline, bar):
        return [problem]
    if bar is None or value <= bar:
        short = "" if bar is None else f" {bar:.4f}, short by {bar - value:.2g}"
        return [f"{criterion.metric} {value:.4f} does not beat {baseline}{short}"]
    return []
