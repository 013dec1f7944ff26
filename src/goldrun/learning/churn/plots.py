"""Figures of the ranking and the calibration of churn scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_curve, roc_curve

from goldrun.learning.evaluation import (
    TOP_SHARE,
    BinaryScores,
    Floats,
    cumulative_gain,
    score_binary,
)
from goldrun.learning.plot_style import BLUE, GREY, line_style, new_figure, percent, tidy

_BINS = 10
_CONFIDENCE = 0.95
_FEWEST_FLAGGED = 0.01  # Share of customers; the precision of fewer is unstable.


def roc_and_pr(labels: ArrayLike, scores: Mapping[str, ArrayLike]) -> Figure:
    """Draw ROC and precision-recall curves.

    Args:
        labels: (rows,), 1 for a customer who churned.
        scores: (rows,) by name, higher for likelier churn; the first is the model's.

    Returns:
        Two panels; the legends give each AUC and average precision.

    Raises:
        AsOfError, ValueError: As ``score_binary``; also ValueError when there are no scores.
    """
    scored = {name: score_binary(labels, s, probabilities=False) for name, s in scores.items()}
    figure = new_figure(10.5, 5, _ranking_headline({name: j.auc for name, j in scored.items()}))
    roc, pr = figure.subplots(1, 2)
    for position, (name, score) in enumerate(scores.items()):
        style, metrics = line_style(position), scored[name]
        _draw_roc(roc, labels, score, f"{name}: {metrics.auc:.3f}", style)
        _draw_precision(pr, labels, score, name, metrics, style)
    base_rate = next(iter(scored.values())).base_rate
    roc.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, label="random: 0.500")
    pr.axhline(base_rate, color=GREY, linewidth=0.8, label=f"random: {base_rate:.3f}")
    tidy(roc, "ROC", "Share of returning customers flagged", "Share of churners flagged")
    tidy(pr, "Precision and recall", "Share of churners flagged", "Share of flagged who churned")
    for axes, title, place in ((roc, "AUC", "lower right"), (pr, "Average precision", "best")):
        axes.legend(title=title, loc=place, frameon=False)
        axes.set(xlim=(0, 1), ylim=(0, 1.01))
        percent(axes, x=True, y=True)
    return figure


def _draw_roc(
    axes: Axes, labels: ArrayLike, score: ArrayLike, label: str, style: Mapping[str, Any]
) -> None:
    false_positive, true_positive, _ = roc_curve(labels, score)
    axes.plot(false_positive, true_positive, label=label, **style)


def _draw_precision(
    axes: Axes,
    labels: ArrayLike,
    score: ArrayLike,
    name: str,
    metrics: BinaryScores,
    style: Mapping[str, Any],
) -> None:
    """Draw precision by recall as steps, from ``_FEWEST_FLAGGED`` of the customers on."""
    precision, recall, _ = precision_recall_curve(labels, score)
    flagged = recall * metrics.base_rate / np.maximum(precision, 1e-12)
    enough = flagged >= _FEWEST_FLAGGED
    reached, precise = [*recall[enough], 0], [*precision[enough], precision[enough][-1]]
    label = f"{name}: {metrics.average_precision:.3f}"
    axes.plot(reached, precise, drawstyle="steps-post", label=label, **style)


def _ranking_headline(auc: Mapping[str, float]) -> str:
    if not auc:
        raise ValueError("there are no scores to draw")
    (name, own), *rivals = auc.items()
    if not rivals:
        return f"AUC of the {name}: {own:.3f}"
    best, theirs = max(rivals, key=lambda item: item[1])
    verb = "ranks better than" if own > theirs else "does not rank better than"
    return f"{name[:1].upper()}{name[1:]} {verb} {best}: AUC {own:.3f} against {theirs:.3f}"


def calibration(labels: ArrayLike, probabilities: ArrayLike) -> Figure:
    """Draw the observed share of churn against the predicted one, and the predictions' histogram.

    Customers are divided into at most ten groups of nearly equal size by their probability; equal
    probabilities are in one group. Bars are 95 % Wilson intervals (Wilson 1927, JASA 22).

    Args:
        labels: (rows,), 1 for a customer who churned.
        probabilities: (rows,), chance of churn, 0 to 1.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    scored = score_binary(labels, probabilities, probabilities=True)
    outcome, chance = np.asarray(labels, float), np.asarray(probabilities, float)
    figure = new_figure(
        7,
        7,
        f"Predicted {chance.mean():.1%} churn on average, {scored.base_rate:.1%} churned "
        f"(Brier {scored.brier:.3f})",
    )
    curve, histogram = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_reliability(curve, outcome, chance)
    histogram.hist(chance, bins=40, range=(0, 1), color=BLUE, alpha=0.7)
    histogram.set_xlim(0, 1)
    tidy(histogram, "Predictions", "Predicted probability of churn", "Customers")
    percent(curve, x=True, y=True)
    return figure


def _draw_reliability(axes: Axes, outcome: Floats, chance: Floats) -> None:
    """Draw the share of churn in each group of customers by its mean prediction."""
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, _BINS + 1)))
    group = np.searchsorted(edges[1:-1], chance, side="right")
    predicted, actual = [], []
    for number in np.unique(group):
        inside = group == number
        churned, size = int(outcome[inside].sum()), int(inside.sum())
        interval = binomtest(churned, size).proportion_ci(_CONFIDENCE, method="wilson")
        predicted.append(chance[inside].mean())
        actual.append(churned / size)
        axes.vlines(predicted[-1], interval.low, interval.high, color=BLUE, alpha=0.5)
    axes.plot(predicted, actual, "o-", color=BLUE, label="groups of customers, 95% interval")
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, label="perfect")
    axes.legend(loc="upper left", frameon=False)
    axes.set_ylim(0, 1)
    tidy(axes, "Reliability", "", "Share that churned")


def lift(labels: ArrayLike, scores: Mapping[str, ArrayLike]) -> Figure:
    """Draw the share of churners reached by contacting customers in descending order of score.

    Args:
        labels: (rows,), 1 for a customer who churned.
        scores: (rows,) by name, higher for likelier churn; the first is the model's.

    Returns:
        Two panels: cumulative gain and cumulative lift by share of customers contacted. Tied
        scores count as in random order.

    Raises:
        AsOfError, ValueError: As ``score_binary``; also ValueError when there are no scores.
    """
    if not scores:
        raise ValueError("there are no scores to draw")
    share = np.linspace(0.01, 1, 100)
    curves = {
        name: np.interp(share, *cumulative_gain(labels, score)) for name, score in scores.items()
    }
    figure = new_figure(10.5, 5, _lift_headline(share, curves))
    gains, lifts = figure.subplots(1, 2)
    for position, (name, curve) in enumerate(curves.items()):
        style = line_style(position)
        gains.plot([0, *share], [0, *curve], label=name, **style)
        lifts.plot(share, curve / share, label=name, **style)
    gains.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, label="random")
    lifts.axhline(1, color=GREY, linewidth=0.8, label="random")
    lifts.axvline(TOP_SHARE, color=GREY, linewidth=0.8, linestyle=":", label=f"top {TOP_SHARE:.0%}")
    contacted = "Share of customers contacted, highest scores first"
    tidy(gains, "Gain", contacted, "Share of churners reached")
    tidy(lifts, "Lift", contacted, "Churners reached / reached at random")
    gains.legend(loc="lower right", frameon=False)
    lifts.legend(loc="upper right", frameon=False)
    gains.set(xlim=(0, 1), ylim=(0, 1.01))
    lifts.set_xlim(0, 1)
    percent(gains, x=True, y=True)
    percent(lifts, x=True)
    return figure


def _lift_headline(share: Floats, curves: Mapping[str, Floats]) -> str:
    first, own = next(iter(curves.items()))
    reached = float(np.interp(TOP_SHARE, share, own))
    return (
        f"The top {TOP_SHARE:.0%} by {first} hold {reached:.1%} of the churners: "
        f"{reached / TOP_SHARE:.2f} times as many as at random"
    )
