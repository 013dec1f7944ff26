"""Figure of the global importance of features."""

import pandas as pd
from matplotlib.figure import Figure

from goldrun.learning.plot_style import BLUE, new_figure, tidy


def importance_figure(importance: pd.DataFrame) -> Figure:
    """Draw the mean size of each feature's contributions.

    Args:
        importance: Result of ``Contributions.importance``.
    """
    smallest_first = importance.iloc[::-1]
    figure = new_figure(
        8,
        1.6 + 0.35 * len(importance),
        f"{importance['feature'].iloc[0]} moves the probability most",
    )
    axes = figure.subplots()
    axes.barh(smallest_first["feature"], smallest_first["mean_abs_contribution"], color=BLUE)
    tidy(
        axes,
        "Mean size of a feature's contribution, test rows",
        "Log-odds of churn, up or down from the average customer",
        "",
    )
    return figure
