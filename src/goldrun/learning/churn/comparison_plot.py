"""Figure of the churn model beside its baselines, with intervals."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goldrun.learning.churn.baselines import NAMES
from goldrun.learning.churn.comparison import (
    LABELS,
    MODEL_SCORE,
    RESAMPLED,
    interval_of,
    verdict,
)
from goldrun.learning.plot_style import BLUE, GREY, ORANGE, new_figure, tidy

_TITLES = {
    "auc": "AUC, 95 % interval",
    "average_precision": "Average precision, 95 % interval; dotted: a random order",
}


def baselines_figure(metrics: Mapping[str, float]) -> Figure:
    """Draw each score's metrics with their 95 % intervals, and the model's lead over baselines.

    Args:
        metrics: Result of ``comparison_metrics``.

    Returns:
        Two rows, one a metric: its values, and the model's lead in paired draws.
    """
    sentence = verdict(metrics)
    figure = new_figure(10.5, 6, f"{sentence[:1].upper()}{sentence[1:]}")
    rows = figure.subplots(len(RESAMPLED), 2, width_ratios=(3, 2))
    for metric, (values, leads) in zip(RESAMPLED, rows, strict=True):
        _draw_values(values, metrics, metric)
        _draw_leads(leads, metrics, metric)
    return figure


def _draw_values(axes: Axes, metrics: Mapping[str, float], metric: str) -> None:
    for place, name in enumerate((*reversed(NAMES), MODEL_SCORE)):
        own = name == MODEL_SCORE
        found = interval_of(metrics, metric if own else f"{name}.{metric}")
        _draw(axes, place, (found.value, found.low, found.high), BLUE if own else GREY)
    if metric == "average_precision":
        axes.axvline(metrics["base_rate"], color=GREY, linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(NAMES) + 1), [LABELS[n] for n in (*reversed(NAMES), MODEL_SCORE)])
    tidy(axes, _TITLES[metric], "", "")


def _draw_leads(axes: Axes, metrics: Mapping[str, float], metric: str) -> None:
    for place, name in enumerate(reversed(NAMES)):
        lead = interval_of(metrics, f"{name}.{metric}_above")
        _draw(axes, place, (lead.value, lead.low, lead.high), BLUE if lead.low > 0 else ORANGE)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(NAMES)), [f"above {LABELS[name]}" for name in reversed(NAMES)])
    tidy(axes, "Lead of the model, same customers", "", "")


def _draw(axes: Axes, place: int, found: tuple[float, float, float], colour: str) -> None:
    value, low, high = found
    axes.plot([low, high], [place, place], color=colour, linewidth=2)
    axes.plot([value], [place], "o", color=colour)
    axes.annotate(f"{value:.3f}", (value, place), (0, 6), textcoords="offset points", ha="center")
    axes.set_ylim(-0.6, place + 0.8)
