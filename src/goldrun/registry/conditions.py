"""Whether a model's metrics meet the conditions of a promotion."""

from collections.abc import Mapping

from goldrun.contracts.criterion import Criterion
from goldrun.registry.metric_ranges import problem_of


def failures(criterion: Criterion, metrics: Mapping[str, float | None]) -> list[str]:
    """Return how metrics fail a criterion; empty where they meet it.

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
            return [f"the required minimum of {problem}"]
    found = []
    if criterion.at_least is not None and value < criterion.at_least:
        found.append(f"{metric} {value:.4f} is below {criterion.at_least}")
    if low is not None and value <= low:
        found.append(f"{metric} {value:.4f} is not above {low:g}")
    if limit is not None and value > limit:
        found.append(
            f"{metric} {value:.4f} is above {limit:g}, too good to be true: a feature may know the "
            f"label (if it does not, raise {criterion.setting} in [gate])"
        )
    return found


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
        return [f"{criterion.metric} {value:.4f} does not beat {baseline}"]
    return []
