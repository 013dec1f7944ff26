import numpy as np
import pytest

from goldrun.learning.churn.comparison import (
    comparison_metrics,
    comparison_table,
    interval_of,
    verdict,
)
from goldrun.learning.churn.comparison_plot import baselines_figure

RANDOM = np.random.default_rng(11)
CHANCE = RANDOM.beta(2, 3, 800)
LABELS = (RANDOM.random(800) < CHANCE).astype(float)
BASELINES = {
    "recency": RANDOM.random(800),
    "frequency": CHANCE + RANDOM.normal(0, 0.4, 800),
    "bg_nbd": CHANCE + RANDOM.normal(0, 0.005, 800),
}
"""Scores that say nothing, less than the model's, and nearly the same."""


@pytest.fixture(scope="module")
def metrics() -> dict[str, float]:
    return comparison_metrics(LABELS, CHANCE, BASELINES, seed=1)


def test_each_metric_is_in_its_interval(metrics: dict[str, float]) -> None:
    for score in ("", "recency.", "frequency.", "bg_nbd."):
        for metric in ("auc", "average_precision"):
            found = interval_of(metrics, score + metric)
            assert found.low < found.value < found.high


def test_a_lead_is_the_difference_of_the_metrics(metrics: dict[str, float]) -> None:
    for name in BASELINES:
        lead = interval_of(metrics, f"{name}.auc_above")
        assert lead.value == pytest.approx(metrics["auc"] - metrics[f"{name}.auc"])
        assert lead.low < lead.value < lead.high


def test_only_a_lead_whose_interval_is_above_zero_is_shown(metrics: dict[str, float]) -> None:
    assert verdict(metrics) == (
        "shown to be better than recency and frequency; not shown to be better than BG/NBD"
    )
    table = comparison_table(metrics)
    shown = table[table.metric == "auc"].set_index("score").shown
    assert dict(shown.dropna()) == {"recency": True, "frequency": True, "BG/NBD": False}


def test_a_model_that_is_better_than_none_or_than_all_is_named_so(
    metrics: dict[str, float],
) -> None:
    for bound, sentence in (
        (-1, "not shown to be better than recency, frequency and BG/NBD"),
        (1, "shown to be better than recency, frequency and BG/NBD"),
    ):
        given = {f"{name}.auc_above_low": float(bound) for name in BASELINES}
        assert verdict(metrics | given) == sentence


def test_probabilities_are_compared_with_the_outcomes(metrics: dict[str, float]) -> None:
    assert metrics["calibration_slope"] == pytest.approx(1, abs=0.25)
    assert metrics["calibration_error"] < 0.06


def test_the_figure_has_each_score_and_each_lead(metrics: dict[str, float]) -> None:
    figure = baselines_figure(metrics)
    values, leads, *_ = figure.axes
    assert [label.get_text() for label in values.get_yticklabels()] == [
        *("BG/NBD", "frequency", "recency"),
        "the model",
    ]
    assert len(leads.get_yticklabels()) == len(BASELINES)
    assert "not shown to be better than BG/NBD" in figure.get_suptitle()
