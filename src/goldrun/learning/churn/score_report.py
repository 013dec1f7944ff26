"""What a training run of churn logs about the use of its scores."""

import pandas as pd
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from goldrun.learning.churn.campaign import Campaign, profit_of
from goldrun.learning.churn.campaign_plot import profit_figure
from goldrun.learning.churn.importance_plot import importance_figure
from goldrun.learning.contributions.contributions import contributions
from goldrun.learning.deciles import deciles
from goldrun.learning.report import Report


def score_report(
    model: Pipeline,
    frame: pd.DataFrame,
    labels: ArrayLike,
    probability: ArrayLike,
    campaign: Campaign | None,
    currency: str,
) -> Report:
    """Report what the scores depend on and how many customers they say to contact.

    Args:
        model: A trained churn model.
        frame: The test rows.
        labels: (rows,), 1 for a customer who churned.
        probability: (rows,), the model's probabilities.
        campaign: Values and costs of offers; without it there is no profit.
        currency: Unit of money.

    Returns:
        ``importance`` and ``deciles``, and with a campaign ``profit`` and its metrics.
    """
    importance = contributions(model, frame, tuple(model.feature_names_in_)).importance()
    tables = {"importance": importance, "deciles": deciles(labels, probability)}
    figures = {"importance": importance_figure(importance)}
    if campaign is None:
        return Report(figures, tables)
    profit = profit_of(campaign, labels, probability)
    return Report(
        {**figures, "profit": profit_figure(profit, currency)},
        {**tables, "profit": profit.curve},
        details=profit.metrics(),
    )
