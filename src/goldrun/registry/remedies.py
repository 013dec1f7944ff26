"""What helps a model that the gate has not promoted."""

from collections.abc import Mapping, Sequence

from goldrun.contracts.criterion import Criterion


def remedies(criteria: Sequence[Criterion], metrics: Mapping[str, float], model: str) -> list[str]:
    """Say what helps, for each criterion that a model does not meet.

    Args:
        criteria: Conditions on the metrics.
        metrics: Metrics of the model and its baselines.
        model: Name of the model, such as ``churn``.

    Returns:
        Clauses; none where the metrics are not the reason.
    """
    baselines = [c.above for c in criteria if c.above is not None and _fails(metrics, c)]
    below = [c for c in criteria if c.at_least is not None and _below(metrics, c)]
    found = []
    if baselines:
        scores = ", ".join(f"{name} {metrics[name]:.3f}" for name in baselines)
        found.append(
            f"until a model is better, order customers by the best of {scores}; more customers or "
            "a longer history show a smaller difference"
        )
    if below:
        names = ", ".join(c.metric for c in below)
        found.append(
            f"more customers, or other settings in models/{model}.toml, for a better {names}"
        )
    return found


def _fails(metrics: Mapping[str, float], criterion: Criterion) -> bool:
    value, bar = metrics.get(criterion.metric), metrics.get(str(criterion.above))
    return value is not None and bar is not None and value <= bar


def _below(metrics: Mapping[str, float], criterion: Criterion) -> bool:
    value = metrics.get(criterion.metric)
    return value is not None and criterion.at_least is not None and value < criterion.at_least
