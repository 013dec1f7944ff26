"""Contributions equal Shapley values by their definition: over all subsets of the features."""

from collections.abc import Callable
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler

from goldrun.errors import ContractError
from goldrun.features.catalog import purchase_features, refund_features
from goldrun.learning.churn.classifier import fit_churn
from goldrun.learning.churn.estimators import ESTIMATORS
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.contributions.contributions import contributions
from goldrun.learning.signed_log import log_step

Floats = NDArray[np.float64]
Worth = Callable[[frozenset[int]], Floats]

FEATURES = (
    purchase_features.RECENCY_DAYS,
    refund_features.NET_SPEND,
    purchase_features.PURCHASE_GAP_MEAN_DAYS,
    purchase_features.PURCHASE_GAP_STD_DAYS,
)
"""One that can be negative, and two with nulls."""


def before(family: str) -> list[tuple[str, Any]]:
    """Steps before the classifier of a family of linear models."""
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    logs = log_step(FEATURES, by_position=True)
    steps = [("impute", impute), ("log1p", logs)]
    if family == "splines":
        steps.append(("splines", SplineTransformer(n_knots=4, knots="quantile")))
    steps.append(("scale", StandardScaler()))
    if family == "products":
        steps += [
            ("products", PolynomialFeatures(2, include_bias=False)),
            ("scale_products", StandardScaler()),
        ]
    return steps


def classifier(family: str) -> Pipeline:
    if family == "trees":
        trees = HistGradientBoostingClassifier(max_iter=12, early_stopping=False, random_state=0)
        return Pipeline([("classify", trees)])
    return Pipeline([*before(family), ("classify", LogisticRegression(max_iter=1000))])


FAMILIES = ("linear", "products", "splines", "trees")


def customers(rows: int = 900, seed: int = 0) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    recency = np.floor(random.exponential(60, rows)) + 1
    spend = random.normal(50, 80, rows)
    gap = np.where(random.random(rows) < 0.3, np.nan, 1 + random.exponential(30, rows))
    spread = np.where(
        np.isnan(gap) | (random.random(rows) < 0.2), np.nan, gap * random.random(rows)
    )
    chance = 1 / (1 + np.exp(-(np.log1p(recency) - 3.5 - np.nan_to_num(gap) / 30 - spend / 100)))
    frame = pd.DataFrame(dict(zip(FEATURES, (recency, spend, gap, spread), strict=True)))
    return frame, (random.random(rows) < chance).astype(np.int64)


@pytest.fixture(scope="module", params=FAMILIES)
def fitted(request: pytest.FixtureRequest) -> tuple[str, Pipeline, pd.DataFrame]:
    frame, churned = customers()
    return request.param, classifier(request.param).fit(frame, churned), frame


@pytest.fixture(scope="module")
def models() -> dict[str, Pipeline]:
    """A model of each family."""
    return {family: classifier(family).fit(*customers(300, seed=1)) for family in FAMILIES}


def shapley(worth: Worth, players: int) -> Floats:
    """Shapley values by definition: the mean gain of a player over all sets of the others."""
    found = []
    for player in range(players):
        others = [other for other in range(players) if other != player]
        gains = [
            (worth(frozenset({*known, player})) - worth(frozenset(known)))
            / (players * comb(players - 1, size))
            for size in range(players)
            for known in combinations(others, size)
        ]
        found.append(np.sum(gains, axis=0))
    return np.column_stack(found)


def worth_of_linear(family: str, model: Pipeline, frame: pd.DataFrame) -> Worth:
    """Log-odds where unknown features have the average row's values: 0 once standardised."""
    cut = list(model.named_steps).index("scale") + 1
    inputs, rest = model[:cut].transform(frame), model[cut:]
    owners = [0, 1, 2, 3, 2, 3]  # Two indicators follow the values.
    if family == "splines":
        owners = [owner for owner in owners for _ in range(6)]

    def worth(known: frozenset[int]) -> Floats:
        kept = np.isin(owners, list(known))
        return np.asarray(rest.decision_function(inputs * kept))

    return worth


def worth_of_trees(model: Pipeline, frame: pd.DataFrame) -> Worth:
    """Log-odds where an unknown feature sends a row down both branches, by their training rows."""
    trees = model[-1]
    rows = frame.to_numpy()

    def leaf_values(nodes: Any, at: int, row: Floats, known: frozenset[int]) -> float:
        node = nodes[at]
        if node["is_leaf"]:
            return float(node["value"])
        left, right = int(node["left"]), int(node["right"])
        value = row[node["feature_idx"]]
        if int(node["feature_idx"]) in known:
            goes_left = (
                node["missing_go_to_left"] if np.isnan(value) else value <= node["num_threshold"]
            )
            return leaf_values(nodes, left if goes_left else right, row, known)
        both = [leaf_values(nodes, child, row, known) for child in (left, right)]
        return float(np.average(both, weights=[nodes[left]["count"], nodes[right]["count"]]))

    def worth(known: frozenset[int]) -> Floats:
        start = float(trees._baseline_prediction[0, 0])
        return np.array(
            [
                start + sum(leaf_values(t.nodes, 0, row, known) for (t,) in trees._predictors)
                for row in rows
            ]
        )

    return worth


def test_contributions_are_shapley_values_over_all_subsets(
    fitted: tuple[str, Pipeline, pd.DataFrame],
) -> None:
    family, model, frame = fitted
    some = frame.head(30)
    worth = (
        worth_of_trees(model, some) if family == "trees" else worth_of_linear(family, model, some)
    )
    found = contributions(model, some, FEATURES)
    assert found.features == FEATURES
    np.testing.assert_allclose(found.values, shapley(worth, len(FEATURES)), atol=1e-9)
    np.testing.assert_allclose(worth(frozenset()), found.base, atol=1e-9)


NULLABLE = st.one_of(st.just(np.nan), st.floats(0, 5000))


@given(
    rows=st.lists(
        st.tuples(st.floats(1, 5000), st.floats(-1e6, 1e6), NULLABLE, NULLABLE),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=25, deadline=None)
def test_base_and_contributions_add_up_to_the_log_odds_of_every_customer(
    models: dict[str, Pipeline], rows: list[tuple[float, float, float, float]]
) -> None:
    frame = pd.DataFrame(rows, columns=list(FEATURES))
    for family, model in models.items():
        found = contributions(model, frame, FEATURES)
        log_odds = model.decision_function(frame)
        np.testing.assert_allclose(
            found.values.sum(axis=1) + found.base, log_odds, rtol=1e-9, atol=1e-9, err_msg=family
        )


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_contributions_of_every_shipped_estimator_add_up_to_its_log_odds(estimator: str) -> None:
    given = {"estimator": estimator, "features": FEATURES}
    frame, churned = customers()
    model = fit_churn(ChurnSettings.model_validate(given), frame, churned)
    found = contributions(model, frame, FEATURES)
    log_odds = model.decision_function(frame)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base, log_odds, atol=1e-9)


def test_a_champion_without_missing_indicators_has_contributions() -> None:
    frame, churned = customers()
    old = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("log1p", log_step(FEATURES, by_position=True)),
            ("scale", StandardScaler()),
            ("classify", LogisticRegression()),
        ]
    ).fit(frame, churned)
    found = contributions(old, frame, FEATURES)
    terms = old[:-1].transform(frame) * old[-1].coef_[0]
    np.testing.assert_allclose(found.values, terms, atol=1e-12)


def test_a_feature_that_nobody_has_contributes_nothing() -> None:
    frame, churned = customers()
    frame[FEATURES[3]] = np.nan
    # Trees are not trained on such a feature.
    for family in ("linear", "products", "splines"):
        model = classifier(family).fit(frame, churned)
        assert np.abs(contributions(model, frame, FEATURES).values[:, 3]).max() < 1e-12


def test_importance_is_the_mean_size_of_the_contributions_largest_first(
    models: dict[str, Pipeline],
) -> None:
    frame, _ = customers()
    found = contributions(models["products"], frame, FEATURES)
    table = found.importance()
    expected = {
        name: sum(abs(v) for v in found.values[:, place]) / len(frame)
        for place, name in enumerate(FEATURES)
    }
    assert dict(zip(table.feature, table.mean_abs_contribution, strict=True)) == pytest.approx(
        expected
    )
    assert table.mean_abs_contribution.is_monotonic_decreasing


def test_an_unknown_pipeline_is_refused_by_name() -> None:
    frame, churned = customers()
    dummy = Pipeline([("classify", DummyClassifier())]).fit(frame, churned)
    with pytest.raises(ContractError, match="DummyClassifier are not known"):
        contributions(dummy, frame, FEATURES)
    unscaled = Pipeline(
        [*before("linear"), ("splines", SplineTransformer()), ("classify", LogisticRegression())]
    )
    with pytest.raises(
        ContractError, match="impute, log1p, scale, splines, classify are not known"
    ):
        contributions(unscaled.fit(frame, churned), frame, FEATURES)
