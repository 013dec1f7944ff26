"""A churn model finds the chances that made its labels, and refuses rows that it can't use."""

import io
import zipfile
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from goldrun.errors import AsOfError, ContractError, SettingsError
from goldrun.features.catalog import purchase_features, refund_features, window_features
from goldrun.features.labels import CHURNED
from goldrun.io.tracking.trusted_types import TRUSTED_TYPES
from goldrun.learning.churn import estimators
from goldrun.learning.churn import model as churn
from goldrun.learning.churn.baselines import baseline_scores
from goldrun.learning.churn.classifier import (
    build_classifier,
    churn_probability,
    fit_churn,
)
from goldrun.learning.evaluation import score_binary
from goldrun.learning.model import Frames
from tests.learning.churn.customers import FEATURES, config, shop

ESTIMATORS = tuple(estimators.ESTIMATORS)


def test_four_features_reach_the_known_scores_on_the_online_retail_sample(
    snapshot: Callable[[str], pd.DataFrame],
) -> None:
    dates = ("2011-03-12", "2011-04-12", "2011-05-12", "2011-06-12")
    train = pd.concat([snapshot(date) for date in dates], ignore_index=True)
    test = snapshot("2011-09-10")
    model = fit_churn(config(), train, train[CHURNED])
    measured = score_binary(
        test[CHURNED], churn_probability(model, test, FEATURES), probabilities=True
    )
    assert measured.rows == 3370
    assert measured.base_rate == pytest.approx(0.430, abs=0.001)
    assert measured.auc == pytest.approx(0.7345, abs=0.001)
    assert measured.brier == pytest.approx(0.205, abs=0.001)
    assert measured.lift_at_10 == pytest.approx(1.56, abs=0.02)
    rules = {
        name: score_binary(test[CHURNED], score, probabilities=False).auc
        for name, score in baseline_scores(test, 90).items()
    }
    published = {"recency": 0.6834, "frequency": 0.7217, "bg_nbd": 0.7293}
    assert rules == pytest.approx(published, abs=0.001)


def test_the_regression_finds_the_chance_that_made_the_labels() -> None:
    train, test = shop(20_000), shop(2_000, seed=1)
    found = churn_probability(fit_churn(config(), train, train[CHURNED]), test, FEATURES)
    assert np.abs(found - test["chance"]).max() < 0.05


def test_without_nulls_the_regression_is_scikit_learns_on_standardised_logarithms() -> None:
    frame = shop()
    logs = np.log1p(frame[list(FEATURES)].to_numpy())
    scaled = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    direct = LogisticRegression().fit(scaled, frame[CHURNED]).predict_proba(scaled)[:, 1]
    model = fit_churn(config(), frame, frame[CHURNED])
    assert churn_probability(model, frame, FEATURES) == pytest.approx(direct, abs=1e-4)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_longer_absence_gives_a_higher_churn_probability(estimator: str) -> None:
    frame = shop()
    model = fit_churn(config(estimator), frame, frame[CHURNED])
    two = frame.iloc[[0, 0]].assign(**{purchase_features.RECENCY_DAYS: [1.0, 300.0]})
    soon, late = churn_probability(model, two, FEATURES)
    assert soon < late


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_model_survives_skops_with_equal_predictions(estimator: str) -> None:
    frame = shop(400)
    model = fit_churn(config(estimator), frame, frame[CHURNED])
    stored = skops.io.dumps(model)
    untrusted = skops.io.get_untrusted_types(data=stored)
    assert set(untrusted) <= TRUSTED_TYPES
    loaded = skops.io.loads(stored, trusted=untrusted)
    before, after = (churn_probability(m, frame, FEATURES) for m in (model, loaded))
    assert np.array_equal(before, after)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_stored_model_does_not_depend_on_goldrun(estimator: str) -> None:
    frame = shop(400)
    stored = skops.io.dumps(fit_churn(config(estimator), frame, frame[CHURNED]))
    schema = zipfile.ZipFile(io.BytesIO(stored)).read("schema.json")
    assert b"sklearn" in schema
    assert b"goldrun" not in schema


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_order_of_the_training_rows_changes_nothing(estimator: str) -> None:
    frame = shop()
    mixed = frame.sample(frac=1, random_state=3)
    one, other = (
        churn_probability(fit_churn(config(estimator), f, f[CHURNED]), frame, FEATURES)
        for f in (frame, mixed)
    )
    assert np.array_equal(one, other)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_training_and_scoring_accept_some_nulls(estimator: str) -> None:
    frame = shop()
    frame.loc[::3, purchase_features.TOTAL_SPEND] = np.nan
    chance = churn_probability(fit_churn(config(estimator), frame, frame[CHURNED]), frame, FEATURES)
    assert ((chance > 0) & (chance < 1)).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_feature_that_is_null_everywhere_is_refused(estimator: str) -> None:
    frame = shop(100).assign(**{purchase_features.TOTAL_SPEND: np.nan})
    with pytest.raises(AsOfError, match=r"total_spend is null in all 100 rows.*later as_of"):
        fit_churn(config(estimator), frame, frame[CHURNED])


def test_a_refused_feature_is_named_with_what_its_null_means() -> None:
    unknown = [purchase_features.PURCHASE_GAP_MEAN_DAYS, window_features.spend_in(90)]
    frame = shop(100).assign(**dict.fromkeys(unknown, np.nan))
    settings = config(features=(*FEATURES, *unknown))
    with pytest.raises(AsOfError, match=r"fewer than two such days; or the history before as_of"):
        fit_churn(settings, frame, frame[CHURNED])


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (1, r"none of the 50 training rows.*in the 30 days.*everybody churned.*larger horizon"),
        (0, r"all 50 training rows.*in the 30 days.*nobody churned.*smaller horizon_days than 30"),
    ],
)
def test_labels_of_one_class_are_refused_with_the_remedy(label: int, message: str) -> None:
    frame = shop(50)
    with pytest.raises(AsOfError, match=message):
        fit_churn(config(horizon_days=30), frame, np.full(50, label))


def test_a_test_date_at_which_nobody_churned_is_refused() -> None:
    frame = shop(50)
    fitted = churn.MODEL.fit(config(), frame)
    stays = Frames(frame, frame.assign(**{CHURNED: 0}))
    with pytest.raises(AsOfError, match=r"all 50 test rows.*nobody churned"):
        churn.MODEL.evaluate(config(), fitted, stays)


def test_a_label_is_needed_for_each_row() -> None:
    with pytest.raises(ValueError, match="50 rows but 2 labels"):
        fit_churn(config(), shop(50), [0, 1])


def test_a_missing_column_is_named() -> None:
    frame = shop(50)
    with pytest.raises(ContractError, match="lacks recency_days"):
        fit_churn(config(), frame.drop(columns=purchase_features.RECENCY_DAYS), frame[CHURNED])


@pytest.mark.parametrize("value", [-1.0, np.inf])
def test_scoring_refuses_a_value_outside_the_contract(value: float) -> None:
    frame = shop(50)
    model = fit_churn(config(), frame, frame[CHURNED])
    frame.loc[7, purchase_features.TOTAL_SPEND] = value
    with pytest.raises(ContractError, match="total_spend is negative or infinite in 1 rows"):
        churn_probability(model, frame, FEATURES)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_net_loss_is_a_feature(estimator: str) -> None:
    frame = shop(200)
    net = frame[purchase_features.TOTAL_SPEND].where(frame.index % 7 > 0, -5.0)
    frame = frame.assign(**{refund_features.NET_SPEND: net})
    features = (*FEATURES[:2], refund_features.NET_SPEND)
    model = fit_churn(config(estimator, features=features), frame, frame[CHURNED])
    chance = churn_probability(model, frame, features)
    assert np.isfinite(chance).all()
    if estimator == "logistic_regression":
        logs = model[:2].transform(frame[list(features)])
        named = frame[list(features)]
        assert np.array_equal(logs, np.sign(named) * np.log1p(named.abs()))


def test_a_parameter_value_that_scikit_learn_refuses_is_a_settings_error() -> None:
    frame = shop(50)
    with pytest.raises(SettingsError, match=r"\[parameters\].*'C'"):
        fit_churn(config(parameters={"C": -1}), frame, frame[CHURNED])


def test_parameters_reach_the_estimator_with_their_types() -> None:
    given = {"max_iter": 7, "learning_rate": 0.5, "early_stopping": True}
    classifier = build_classifier(config("hist_gradient_boosting", parameters=given, seed=5))[-1]
    found = {name: classifier.get_params()[name] for name in (*given, "random_state")}
    assert found == {**given, "random_state": 5}
    assert found["early_stopping"] is True
