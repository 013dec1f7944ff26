"""The churn model beside its baselines: metrics with intervals, and what they show."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from goldrun.learning.calibration import measure_calibration
from goldrun.learning.churn.baselines import BG_NBD, FREQUENCY, NAMES, RECENCY
from goldrun.learning.evaluation import Floats, score_binary
from goldrun.learning.resampling import Interval, Metric, auc, average_precision, compare

MODEL_SCORE = "model"
RESAMPLED: Mapping[str, Metric] = {
    "auc": auc,
    "average_precision": average_precision,
}
"""Metrics with an interval, by name."""
LABELS = {
    MODEL_SCORE: "the model",
    RECENCY: "recency",
    FREQUENCY: "frequency",
    BG_NBD: "BG/NBD",
}
"""Names of the scores in text and figures."""


def comparison_metrics(
    labels: NDArray[np.float64],
    probability: Floats,
    baselines: Mapping[str, Floats],
    *,
    seed: int,
) -> dict[str, float]:
    """Return all metrics of a churn model and of its baselines on the same customers.

    Args:
        labels: (customers,), 1 for a customer who churned.
        probability: (customers,), the model's.
        baselines: (customers,) by name, higher for likelier churn.
        seed: Seed of the bootstrap.

    Returns:
        Of the model, ``BinaryScores``, ``Calibration``, and ``<metric>_low`` and ``<metric>_high``,
        the bounds of the 95 % interval of each metric of ``RESAMPLED``; of a baseline, the same but
        calibration under ``<baseline>.``, and ``<metric>_above``, ``<metric>_above_low`` and
        ``<metric>_above_high``: how far the model is above it, from paired draws.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    metrics = score_binary(labels, probability, probabilities=True).metrics()
    metrics |= measure_calibration(labels, probability).metrics()
    for name, scores in baselines.items():
        metrics |= score_binary(labels, scores, probabilities=False).metrics(f"{name}.")
    ranked = {MODEL_SCORE: probability, **baselines}
    for metric, compared in compare(RESAMPLED, labels, ranked, seed=seed).items():
        for name, interval in compared.each.items():
            prefix = "" if name == MODEL_SCORE else f"{name}."
            metrics |= _bounds(f"{prefix}{metric}", interval)
        for name, interval in compared.above.items():
            above = f"{name}.{metric}_above"
            metrics |= {above: interval.value} | _bounds(above, interval)
    return metrics


def _bounds(name: str, interval: Interval) -> dict[str, float]:
    return {f"{name}_low": interval.low, f"{name}_high": interval.high}


def interval_of(metrics: Mapping[str, float], name: str) -> Interval:
    """Return a metric with its bounds.

    Args:
        metrics: Result of ``comparison_metrics``.
        name: Name of the metric, such as ``bg_nbd.auc_above``.
    """
    return Interval(metrics[name], metrics[f"{name}_low"], metrics[f"{name}_high"])


def comparison_table(metrics: Mapping[str, float]) -> pd.DataFrame:
    """Return one row a score and metric: value, interval, the model's lead and whether it is shown.

    A lead is shown if its 95 % interval is above 0; it is empty for the model itself.
    """
    rows = []
    for metric in RESAMPLED:
        for name in (MODEL_SCORE, *NAMES):
            one = interval_of(metrics, metric if name == MODEL_SCORE else f"{name}.{metric}")
            row = {"metric": metric, "score": LABELS[name], **vars(one)}
            if name != MODEL_SCORE:
                lead = interval_of(metrics, f"{name}.{metric}_above")
                row |= {"lead": lead.value, "lead_low": lead.low, "lead_high": lead.high}
                row["shown"] = lead.low > 0
            rows.append(row)
    return pd.DataFrame(rows)


def verdict(metrics: Mapping[str, float]) -> str:
    """Return in one sentence which baselines the model is shown to be better than, by AUC."""
    shown = [LABELS[name] for name in NAMES if metrics[f"{name}.auc_above_low"] > 0]
    others = [LABELS[name] for name in NAMES if LABELS[name] not in shown]
    found = [f"shown to be better than {_and(shown)}"] if shown else []
    return "; ".join(found + ([f"not shown to be better than {_and(others)}"] if others else []))


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
