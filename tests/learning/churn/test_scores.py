"""Rows of gold/churn_scores, before they are written."""

import math
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from goldrun.contracts import gold
from goldrun.io.delta.lake import Lake
from goldrun.learning.churn.campaign import Campaign
from goldrun.learning.churn.classifier import fit_churn
from goldrun.learning.churn.scores import PUBLICATION, ranked, reasons, score_churn
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.contributions.contributions import Contributions
from goldrun.learning.publication import LoadedModel, Scoring

FEATURES = ("recency_days", "purchase_frequency")
GAP = "purchase_gap_mean_days"
TODAY = date(2024, 6, 1)


def config(campaign: Campaign | None = None) -> ChurnSettings:
    given = {"estimator": "logistic_regression", "features": FEATURES, "campaign": campaign}
    return ChurnSettings.model_validate(given)


@pytest.fixture(scope="module")
def champion() -> LoadedModel:
    random = np.random.default_rng(0)
    recency, orders = 1.0 + random.integers(0, 200, 500), 1.0 + random.poisson(3, 500)
    chance = 1 / (1 + np.exp(2 * orders - np.log1p(recency) - 3))
    frame = pd.DataFrame({"recency_days": recency, "purchase_frequency": orders})
    model = fit_churn(config(), frame, (random.random(500) < chance).astype(int))
    return LoadedModel(7, model, FEATURES, {})


CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["ada-77", "tom-76", "leo-75"],
        "recency_days": [150.0, 2.0, 90.0],
        "purchase_frequency": [1.0, 20.0, 3.0],
        GAP: [math.nan, 12.4, 30.2],
    }
)


def test_a_row_has_the_probability_the_versions_and_the_date(champion: LoadedModel) -> None:
    rows = score_churn(champion, CUSTOMERS, Scoring(TODAY, "GBP", config(), features_version=5))
    assert [len(row) for row in rows] == [len(gold.CHURN_SCORES.names)] * 3
    found = pd.DataFrame(rows, columns=list(gold.CHURN_SCORES.names))
    # predict_proba for a row on paper: coefficients of standardised logarithms.
    scale, classify = champion.model["scale"], champion.model["classify"]
    inputs = CUSTOMERS[list(FEATURES)].to_numpy()
    for values, chance in zip(inputs, found[gold.CHURN_PROBABILITY], strict=True):
        logs = np.array([math.log1p(value) for value in values])
        terms = (logs - scale.mean_) / scale.scale_ * classify.coef_[0]
        assert chance == pytest.approx(1 / (1 + math.exp(-terms.sum() - classify.intercept_[0])))
    assert found[gold.CUSTOMER.name].tolist() == ["ada-77", "tom-76", "leo-75"]
    assert set(found[gold.AS_OF]) == {TODAY}
    assert set(found[gold.MODEL_VERSION]) == {7}
    assert set(found[gold.FEATURES_VERSION]) == {5}
    assert found[gold.EXPECTED_PROFIT].isna().all()


def test_the_expected_profit_is_that_of_the_campaign_in_the_settings(champion: LoadedModel) -> None:
    campaign = Campaign(customer_value=200, offer_cost=12.5, success_rate=0.25)
    rows = score_churn(champion, CUSTOMERS, Scoring(TODAY, "GBP", config(campaign), 5))
    for _, _, chance, _, profit, *_ in rows:
        assert isinstance(profit, Decimal)
        assert float(profit) == pytest.approx(chance * 50 - 12.5, abs=5e-5)
        assert profit.as_tuple().exponent == -4


def test_reasons_are_the_values_that_raise_the_probability_without_the_customers_key(
    champion: LoadedModel,
) -> None:
    rows = score_churn(champion, CUSTOMERS, Scoring(TODAY, "GBP", config(), 5))
    given = {row[0]: row[5] for row in rows}
    assert sorted(given["ada-77"]) == ["1 order in all", "no order for 150 days"]
    assert given["tom-76"] == []
    assert "no order for 90 days; usually every 30" in given["leo-75"]
    for customer, texts in given.items():
        assert not [text for text in texts if customer in text]


def test_the_three_strongest_reasons_come_in_their_order() -> None:
    names = ("tenure_days", "total_spend", "purchase_frequency", "recency_days", "basket_size")
    values = np.array([[0.1, 0.4, 0.2, 0.3, -0.9], [0.001, -0.1, 0.0, 0.2, -0.1]])
    frame = pd.DataFrame([[10.0, 5.0, 3.0, 8.0, 2.0]] * 2, columns=list(names))
    assert reasons(Contributions(names, values, 0.0), frame, "EUR") == [
        ["spent 5.00 EUR in all", "no order for 8 days", "3 orders in all"],
        ["no order for 8 days"],
    ]


def test_nobody_gets_no_rows(champion: LoadedModel) -> None:
    assert score_churn(champion, CUSTOMERS.head(0), Scoring(TODAY)) == []


def test_ranks_are_by_descending_probability_and_ties_by_the_key(spark: SparkSession) -> None:
    chances = {"c": 0.5, "B": 0.5, "a": 0.9, "b": 0.1, "é": 0.5, "10": 0.5, "9": 0.5}
    rows: list[tuple[Any, ...]] = [(key, TODAY, p, 0, None, [], 1, 1) for key, p in chances.items()]
    frame = pd.DataFrame(rows, columns=list(gold.CHURN_SCORES.names))
    scored = ranked(spark.createDataFrame(frame, gold.CHURN_SCORES.schema))
    found = {row["customer_id"]: row[gold.RANK] for row in scored.collect()}
    expected = sorted(chances, key=lambda key: (-chances[key], key.encode()))
    assert found == {key: rank for rank, key in enumerate(expected, 1)}
    assert scored.columns == list(gold.CHURN_SCORES.names)
    assert PUBLICATION.complete is ranked


@pytest.mark.spark_too
def test_scores_are_stored_with_their_reasons_and_profits(
    champion: LoadedModel, lake: Lake
) -> None:
    campaign = Campaign(customer_value=200, offer_cost=12.5, success_rate=0.25)
    rows = score_churn(champion, CUSTOMERS, Scoring(TODAY, "GBP", config(campaign), 5))
    lake.replace(gold.CHURN_SCORES, ranked(lake.frame(gold.CHURN_SCORES, rows)))
    stored = {row["customer_id"]: row for row in lake.read(gold.CHURN_SCORES.name).collect()}
    for who, _, chance, _, profit, texts, *_ in rows:
        row = stored[who]
        assert (row[gold.CHURN_PROBABILITY], row[gold.EXPECTED_PROFIT]) == (chance, profit)
        assert row[gold.REASONS] == texts
    assert {who: row[gold.RANK] for who, row in stored.items()} == {
        "ada-77": 1,
        "leo-75": 2,
        "tom-76": 3,
    }
    again = ranked(lake.frame(gold.CHURN_SCORES, rows[::-1]))
    assert not lake.replace(gold.CHURN_SCORES, again)
