"""The look that all figures of this room share."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import PercentFormatter

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#7A7A7A"
"""Colours that colour-blind readers tell apart (Okabe and Ito 2008)."""

CANDIDATE = {"color": BLUE, "linewidth": 2.2, "zorder": 3}
"""Line of the score in question."""

RIVALS: Sequence[dict[str, object]] = (
    {"color": ORANGE, "linewidth": 1.4, "linestyle": "--"},
    {"color": GREEN, "linewidth": 1.4, "linestyle": "-."},
    {"color": GREY, "linewidth": 1.4, "linestyle": ":"},
)
"""Lines of the scores it is compared with, used in turn."""


def line_style(position: int) -> dict[str, object]:
    """Line of the score at ``position``: the first is the one in question."""
    return dict(CANDIDATE) if position == 0 else dict(RIVALS[(position - 1) % len(RIVALS)])


def new_figure(width: float, height: float, title: str) -> Figure:
    """A figure in inches, laid out without overlaps, with its finding as the headline."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
    figure = Figure(figsize=(width, height), layout=layout, dpi=120, facecolor="white")
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    return figure


def tidy(axes: Axes, title: str, x: str, y: str) -> None:
    """Label axes, and take away the frame's upper and right sides."""
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def percent(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Show shares of 1 as per cents on the chosen axes."""
    if x:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    if y:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
