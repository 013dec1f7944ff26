"""Figure of the candidates' scores at the dates on which one is chosen."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goldrun.learning.plot_style import BLUE, CANDIDATE, GREY, ORANGE, new_figure, tidy
from goldrun.learning.selection import Selection


def candidates_figure(auc: pd.DataFrame, selection: Selection) -> Figure:
    """Draw each candidate's AUC by date, and how far it is behind the best one.

    Args:
        auc: One row a validation date, one column a candidate, the simplest first.
        selection: The choice among these columns.
    """
    chosen = str(auc.columns[selection.chosen])
    figure = new_figure(
        10.5, 1.8 + 0.45 * len(auc.columns), f"{chosen} is chosen, without the test date"
    )
    by_date, behind = figure.subplots(1, 2, width_ratios=(2, 3))
    for name, column in auc.items():
        own = name == chosen
        style = CANDIDATE if own else {"color": GREY}
        by_date.plot(range(len(auc)), column, "o-", markersize=4, **style)
    by_date.set_xticks(range(len(auc)), list(map(str, auc.index)))
    tidy(by_date, "AUC by validation date; blue: the chosen candidate", "", "")
    by_date.tick_params(axis="x", rotation=20)
    _draw_behind(behind, list(map(str, auc.columns)), selection)
    return figure


def _draw_behind(axes: Axes, names: list[str], selection: Selection) -> None:
    """Draw the distances from the best candidate, with one standard error either way."""
    places = range(len(names))
    for place in places:
        behind, error = selection.behind[place], selection.standard_error[place]
        within = behind <= error
        colour = BLUE if place == selection.chosen else GREY if within else ORANGE
        axes.errorbar(behind, place, xerr=error, fmt="o", color=colour, capsize=3)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    title = "Behind the best, ± one standard error; orange: by more"
    tidy(axes, title, "", "")
