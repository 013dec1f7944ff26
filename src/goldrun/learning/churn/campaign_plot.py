"""Figure of the profit of a retention campaign."""

from matplotlib.figure import Figure

from goldrun.learning.churn.campaign import CONTACTED, EXPECTED, REALISED, Profit
from goldrun.learning.plot_style import BLUE, GREY, ORANGE, new_figure, tidy


def profit_figure(profit: Profit, currency: str) -> Figure:
    """Draw expected and realised profit by the number of customers contacted.

    Args:
        profit: Result of ``profit_of``.
        currency: Unit of the profit.

    Returns:
        One panel; a line marks the number of contacts with the highest expected profit.
    """
    best, curve = profit.best, profit.curve
    figure = new_figure(
        9,
        5,
        f"Contact {best[CONTACTED]:,.0f} of {curve[CONTACTED].iloc[-1]:,.0f} customers: "
        f"{best[EXPECTED]:,.0f} {currency} expected",
    )
    marked = f"best number by the model; realised there: {best[REALISED]:,.0f}"
    axes = figure.subplots()
    axes.plot(curve[CONTACTED], curve[EXPECTED], color=BLUE, label="expected by the model")
    axes.plot(
        curve[CONTACTED],
        curve[REALISED],
        color=ORANGE,
        linestyle="--",
        label="realised on the test rows",
    )
    axes.axvline(best[CONTACTED], color=GREY, linestyle=":", label=marked)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.legend(loc="lower right", facecolor="white", edgecolor="none", framealpha=1)
    contacted = "Customers contacted, likeliest churners first"
    tidy(axes, "Profit of the campaign", contacted, f"Profit, {currency}")
    return figure
