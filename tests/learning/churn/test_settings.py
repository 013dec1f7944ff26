"""Settings of churn that can't be meant are refused, with the nearest name."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from goldrun.features.catalog import (
    purchase_features,
    refund_features,
    session_features,
    window_features,
)
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.gate_settings import GateSettings
from tests.learning.churn.customers import FEATURES, config


def test_a_misspelt_feature_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValidationError, match="did you mean 'recency_days'"):
        config(features=("recency_day",))


@pytest.mark.parametrize(
    "features", [(), (purchase_features.RECENCY_DAYS, purchase_features.RECENCY_DAYS)]
)
def test_features_are_at_least_one_and_each_once(features: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="features"):
        config(features=features)


def test_a_misspelt_parameter_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValidationError, match="did you mean 'max_iter'"):
        config(parameters={"max_iters": 50})


def test_a_parameter_of_the_other_estimator_is_refused() -> None:
    with pytest.raises(ValidationError, match="'C' is not a parameter of hist_gradient_boosting"):
        config("hist_gradient_boosting", parameters={"C": 1.0})


def test_random_state_is_only_set_by_the_seed() -> None:
    with pytest.raises(ValidationError, match="set by seed"):
        config(parameters={"random_state": 1})


@pytest.mark.parametrize(
    ("features", "days"),
    [
        (FEATURES, 0),
        ((window_features.frequency_in(30),), 30),
        (
            (
                purchase_features.RECENCY_DAYS,
                window_features.spend_in(180),
                window_features.frequency_in(90),
            ),
            180,
        ),
        ((refund_features.net_spend_in(90), refund_features.NET_SPEND), 90),
        ((refund_features.refund_rate_in(30), window_features.SPEND_TREND), 60),
        ((session_features.sessions_in(180), window_features.spend_share_in(30)), 180),
    ],
)
def test_the_longest_window_is_that_of_the_features(features: tuple[str, ...], days: int) -> None:
    assert config(features=features).longest_window_days == days


def test_the_shipped_settings_are_valid() -> None:
    path = Path(__file__).parents[3] / "models" / "churn.toml"
    settings = ChurnSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    simplest = next(iter(settings.each().values()))
    assert (simplest.features, settings.horizon_days) == (FEATURES, 90)
    assert settings.intended_use


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_gain", -0.1),
        ("min_gain", float("nan")),
        ("margin", 1.5),
        ("max_auc", 0.4),
        ("max_auc", float("nan")),
        ("max_baseline", 1.1),
        ("max_baseline", True),
        ("rule", "Better"),
        ("baseline_rule", "any"),
        ("min_lead", 0.1),
        ("min_agreement", 0.8),
    ],
)
def test_a_threshold_of_the_gate_has_its_range_and_its_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        config(gate={name: value})


def test_the_shipped_thresholds_are_the_default_ones() -> None:
    path = Path(__file__).parents[3] / "models" / "churn.toml"
    settings = ChurnSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    assert settings.gate == GateSettings()
