"""Style of the figures of all models."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#7A7A7A"
"""Colours that colour-blind readers can distinguish (Okabe and Ito 2008)."""

CANDIDATE = {"color": BLUE, "linewidth": 2.2, "zorder": 3}
"""Line style of the model's score."""

RIVALS: Sequence[dict[str, Any]] = (
    {"color": ORANGE, "linewidth": 1.4, "linestyle": "--"},
    {"color": GREEN, "linewidth": 1.4, "linestyle": "-."},
    {"color": GREY, "linewidth": 1.4, "linestyle": ":"},
)
"""Line styles of the scores that it is compared with, used in turn."""


def line_style(position: int) -> dict[str, Any]:
    """Return the line style of the score at ``position``; 0 is the model's."""
    return dict(CANDIDATE) if position == 0 else dict(RIVALS[(position - 1) % len(RIVALS)])


def new_figure(width: float, height: float, title: str) -> Figure:
    """Return a figure of this size in inches, laid out without overlaps, with a headline."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
    figure = Figure(figsize=(width, height), layout=layout, dpi=120, facecolor="white")
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    return figure


def tidy(axes: Axes, title: str, x: str, y: str) -> None:
    """Set title and labels of axes, and remove the upper and right spines."""
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def percent(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Format shares of 1 as per cent on the given axes."""
    if x:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    if y:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
