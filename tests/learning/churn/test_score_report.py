"""What a training run logs about the use of churn scores."""

import numpy as np
import pandas as pd
import pytest

from goldrun.learning.churn.campaign import Campaign
from goldrun.learning.churn.classifier import churn_probability, fit_churn
from goldrun.learning.churn.score_report import score_report
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.report import Report

FEATURES = ("recency_days", "purchase_frequency")


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    random = np.random.default_rng(3)
    recency, orders = 1.0 + random.integers(0, 200, 400), 1.0 + random.poisson(3, 400)
    frame = pd.DataFrame({"recency_days": recency, "purchase_frequency": orders})
    chance = 1 / (1 + np.exp(4 * np.log1p(orders) - np.log1p(recency)))
    return frame.assign(churned=(random.random(400) < chance).astype(int))


def report(shop: pd.DataFrame, campaign: Campaign | None) -> Report:
    given = {"estimator": "logistic_regression", "features": FEATURES}
    model = fit_churn(ChurnSettings.model_validate(given), shop, shop.churned)
    probability = churn_probability(model, shop, FEATURES)
    return score_report(model, shop, shop.churned, probability, campaign, "GBP")


def test_importance_and_deciles_are_always_logged_and_profit_with_a_campaign(
    shop: pd.DataFrame,
) -> None:
    without = report(shop, None)
    assert set(without.figures) == {"importance"}
    assert set(without.tables) == {"importance", "deciles"}
    assert without.details == {}
    campaign = Campaign(customer_value=100, offer_cost=5, success_rate=0.2)
    found = report(shop, campaign)
    assert set(found.figures) == {"importance", "profit"}
    assert set(found.tables) == {"importance", "deciles", "profit"}
    assert set(found.details) == {
        "profit.best_contacts",
        "profit.expected",
        "profit.realised",
    }


def test_the_most_important_feature_leads_the_figure_and_no_table_has_a_customer(
    shop: pd.DataFrame,
) -> None:
    found = report(shop.assign(customer_id="ada-77"), None)
    # Orders have four times the weight of recency in the shop.
    assert found.tables["importance"].feature.tolist() == ["purchase_frequency", "recency_days"]
    title = str(found.figures["importance"].get_suptitle())
    assert title == "purchase_frequency moves the probability most"
    for table in found.tables.values():
        assert "customer_id" not in table.columns
