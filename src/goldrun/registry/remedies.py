"""What helps a model that the gate has not promoted."""

from collections.abc import Mapping, Sequence

from goldrun.contracts.criterion import Criterion
from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.defeats import defeats

_MANY_LOOKS = 5


def remedies(
    criteria: Sequence[Criterion],
    metrics: Mapping[str, float],
    model: str,
    compared: HeadToHead | None = None,
    gate: GateSettings | None = None,
) -> list[str]:
    """Return what helps, for each criterion that a model does not meet, and a lost comparison.

    Args:
        criteria: Conditions on the metrics.
        metrics: Metrics of the model and its baselines.
        model: Name of the model, such as ``churn``.
        compared: Its comparison with a champion; None if there was none.
        gate: Thresholds of the comparison; the default ones when None.

    Returns:
        Clauses; none if the metrics are not the reason.
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
    return found + _after_a_comparison(compared, gate or GateSettings(), model)


def _after_a_comparison(compared: HeadToHead | None, gate: GateSettings, model: str) -> list[str]:
    if compared is None or not defeats(compared, gate)[0]:
        return []
    if compared.agreement is not None:
        return [
            f"keep the settings of models/{model}.toml that version {compared.champion_version} "
            "was trained with; to group customers anew, promote with force=true and a reason"
        ]
    if compared.lead is None:
        return ["train again, so that the lead is measured"]
    found = ["other features or candidates; a lead of the same size is shown with more test rows"]
    if compared.looks:
        newer = "a newer test date (as_of), whose customers no model was compared on yet"
        if compared.looks >= _MANY_LOOKS:
            newer += ": too many models were compared at the present one"
        found.append(newer)
    return found


def _fails(metrics: Mapping[str, float], criterion: Criterion) -> bool:
    value, bar = metrics.get(criterion.metric), metrics.get(str(criterion.above))
    return value is not None and bar is not None and value <= bar


def _below(metrics: Mapping[str, float], criterion: Criterion) -> bool:
    value = metrics.get(criterion.metric)
    return value is not None and criterion.at_least is not None and value < criterion.at_least
