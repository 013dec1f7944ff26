"""Ranges of the metrics that the gate reads; a value outside its range is not a measurement."""

import math
from numbers import Real

_INF = math.inf
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("auc", "auc_low", "auc_high"), (0, 1)),
    **dict.fromkeys(
        ("average_precision", "average_precision_low", "average_precision_high"), (0, 1)
    ),
    "agreement": (-1, 1),
    **dict.fromkeys(("auc_above", "auc_above_low", "auc_above_high"), (-1, 1)),
    **dict.fromkeys(
        (
            "average_precision_above",
            "average_precision_above_low",
            "average_precision_above_high",
        ),
        (-1, 1),
    ),
    "base_rate": (0, 1),
    "bootstrap_ari": (-1, 1),
    "brier": (0, 1),
    "calibration_error": (0, 1),
    "calibration_error_shifted": (0, 1),
    "lift_at_10": (0, 10),
    "rows": (0, _INF),
    "segments": (1, _INF),
    "silhouette": (-1, 1),
    "smallest_share": (0, 1),
}
"""Smallest and largest value of a metric, both included, by its name without a prefix."""


def problem_of(metric: str, value: object) -> str | None:
    """Return the reason why a value can't be a measurement of a metric; None if it can.

    Args:
        metric: Name of the metric; only the part after its last dot counts, for example ``auc`` of
            ``recency.auc``. A metric without a declared range may be any finite number.
        value: Logged value. A negative zero is no measurement if the range begins at 0: no
            count, share or area is computed with a sign.
    """
    if value is None:
        return f"{metric} was not measured"
    if isinstance(value, bool) or not isinstance(value, Real):
        return f"{metric} is {value!r}, which is not a number"
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isnan(number):
        return f"{metric} was not measured"
    low, high = RANGES.get(metric.rpartition(".")[2], (-_INF, _INF))
    if not (math.isfinite(number) and low <= number <= high):
        return f"{metric} {number:g} is not a finite number from {low:g} to {high:g}"
    if low == 0 and number == 0 and math.copysign(1, number) < 0:
        return f"{metric} is -0, which is not a measurement"
    return None
