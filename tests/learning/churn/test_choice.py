"""The choice among churn candidates at dates before the test."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from goldrun.contracts import gold
from goldrun.errors import SettingsError
from goldrun.features.catalog import purchase_features
from goldrun.features.labels import CHURNED, History
from goldrun.io.settings import load_model_config
from goldrun.learning.choice import Choice
from goldrun.learning.churn.choice import choose_candidate, earlier_origins, validation_dates
from goldrun.learning.churn.classifier import fit_churn
from goldrun.learning.churn.model import MODEL
from goldrun.learning.churn.settings import ChurnSettings

RECENCY, ORDERS = purchase_features.RECENCY_DAYS, purchase_features.PURCHASE_FREQUENCY
NOISE = purchase_features.TOTAL_SPEND
LAST = date(2024, 6, 30)
WEEKS = [LAST - timedelta(weeks=back) for back in range(29, -1, -1)]
FILE: dict[str, Any] = {
    "horizon_days": 70,
    "origins_every": "week",
    "max_origins": 6,
    "choice_origins": 3,
    "feature_sets": {"noise": [NOISE], "both": [RECENCY, ORDERS]},
    "candidates": {
        "noise": {"estimator": "logistic_regression", "features": "noise"},
        "both": {
            "estimator": "logistic_regression",
            "features": "both",
            "parameters": {"C": [0.1, 1.0]},
        },
    },
}


def settings(**changes: Any) -> ChurnSettings:
    return ChurnSettings.model_validate(FILE | changes)


def rows(dates: list[date], customers: int = 400) -> pd.DataFrame:
    """Return customers whose chance of churn depends on recency and orders only."""
    random = np.random.default_rng(7)
    frames = []
    for day in dates:
        recency = np.floor(random.exponential(60, customers))
        orders = 1.0 + random.poisson(3, customers)
        chance = 1 / (1 + np.exp(-(1.2 * (np.log1p(recency) - 3.5) - 1.5 * (np.log(orders) - 1))))
        columns = {
            gold.AS_OF: [day] * customers,
            RECENCY: recency,
            ORDERS: orders,
            NOISE: random.lognormal(3, 1, customers),
            CHURNED: (random.random(customers) < chance).astype(int),
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def chosen(choice: Choice[ChurnSettings]) -> list[str]:
    return [trial.name for trial in choice.trials if trial.note == "chosen"]


def test_a_list_of_values_gives_one_candidate_each_in_the_order_of_the_file() -> None:
    each = settings().each()
    assert list(each) == ["noise", "both C=0.1", "both C=1.0"]
    one = each["both C=0.1"]
    assert (one.features, one.parameters, one.candidates) == ((RECENCY, ORDERS), {"C": 0.1}, {})
    assert one.horizon_days == 70


def test_a_file_of_one_candidate_has_nothing_to_choose() -> None:
    alone = ChurnSettings.model_validate(
        {"features": [RECENCY], "estimator": "logistic_regression"}
    )
    assert earlier_origins(alone) == 0
    found = choose_candidate(alone, rows(WEEKS))
    assert (found.settings, found.trials, found.reason) == (alone, (), "")


def test_every_training_label_of_a_validation_date_is_known_on_that_date() -> None:
    dates = validation_dates(WEEKS, settings())
    assert list(dates) == [LAST - timedelta(weeks=2 * back) for back in range(3)]
    for day, origins in dates.items():
        assert len(origins) == 6
        assert origins[-1] + timedelta(days=70) <= day < origins[-1] + timedelta(days=77)


def test_the_earlier_origins_are_enough_for_every_validation_date() -> None:
    known = settings()
    history = History(date(2020, 1, 1), date(2024, 12, 31))
    origins = MODEL.origins(known, history, None)
    assert len(origins.train) == known.max_origins
    assert origins.test is not None
    assert origins.train[-1] + timedelta(days=known.horizon_days) == origins.test
    every = [*origins.earlier, *origins.train]
    assert every == sorted(set(every))
    dates = validation_dates(every, known)
    assert [len(train) for train in dates.values()] == [6, 6, 6]


def test_the_candidate_that_ranks_best_before_the_test_is_chosen() -> None:
    found = choose_candidate(settings(), rows(WEEKS))
    assert chosen(found) == [found.name]
    assert found.name.startswith("both")
    assert found.settings.features == (RECENCY, ORDERS)
    noise = found.trials[0]
    assert noise.metrics["auc"] == pytest.approx(0.5, abs=0.05)
    assert noise.metrics["regret"] > 0.1
    assert [name for name in noise.metrics if name.startswith("auc.")] == [
        f"auc.{LAST - timedelta(weeks=weeks)}" for weeks in (4, 2, 0)
    ]
    table = found.report.tables["candidates"]
    assert list(table.candidate) == ["noise", "both C=0.1", "both C=1.0"]
    assert table[table.chosen].candidate.tolist() == [found.name]


def test_the_first_of_equals_is_chosen() -> None:
    same = {"estimator": "logistic_regression", "features": "both"}
    twins = settings(candidates={"first": same, "second": same})
    assert choose_candidate(twins, rows(WEEKS)).name == "first"


def test_a_candidate_with_an_unknown_feature_is_left_out_and_the_reason_logged() -> None:
    frame = rows(WEEKS)
    frame.loc[frame[gold.AS_OF] <= LAST - timedelta(days=70), NOISE] = np.nan
    found = choose_candidate(settings(), frame)
    assert found.name.startswith("both")
    left_out = found.trials[0]
    assert left_out.metrics == {}
    assert "total_spend is null in all" in left_out.note


def test_an_earlier_date_at_which_a_candidate_can_not_be_trained_does_not_count() -> None:
    frame = rows(WEEKS)
    frame.loc[frame[gold.AS_OF] <= LAST - timedelta(days=84), NOISE] = np.nan
    found = choose_candidate(settings(), frame)
    dates = [name for name in found.trials[0].metrics if name.startswith("auc.")]
    assert dates == [f"auc.{LAST}"]


def test_a_history_too_short_to_compare_uses_the_first_candidate_and_says_so() -> None:
    found = choose_candidate(settings(), rows(WEEKS[-5:]))
    assert found.name == "noise"
    assert "too short to compare" in found.reason
    assert all(trial.metrics == {} for trial in found.trials)


def test_no_candidate_is_trained_on_labels_that_end_after_the_last_validation_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[set[date]] = []

    def fit(given: ChurnSettings, frame: pd.DataFrame, labels: pd.Series) -> Any:
        read.append(set(frame[gold.AS_OF]))
        return fit_churn(given, frame, labels)

    monkeypatch.setattr("goldrun.learning.churn.choice.fit_churn", fit)
    choose_candidate(settings(), rows(WEEKS))
    assert read
    assert max(max(dates) for dates in read) <= LAST - timedelta(days=70)


def test_a_candidate_names_a_feature_set_that_exists() -> None:
    wrong = {"one": {"estimator": "logistic_regression", "features": "boht"}}
    with pytest.raises(ValidationError, match=r"'boht' is no feature set .did you mean 'both'"):
        settings(candidates=wrong)


def test_keys_of_one_candidate_are_refused_beside_several() -> None:
    with pytest.raises(ValidationError, match="estimator is given beside \\[candidates\\]"):
        settings(estimator="logistic_regression")


def test_a_file_without_features_is_refused() -> None:
    with pytest.raises(ValidationError, match="features is missing"):
        ChurnSettings.model_validate({"estimator": "logistic_regression"})


def test_a_misspelt_key_of_a_candidate_is_refused_with_the_near_name(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "churn.toml").write_text(
        '[feature_sets]\nrfm = ["recency_days"]\n'
        '[candidates.a]\nestimater = "x"\nfeatures = "rfm"\n'
    )
    monkeypatch.setattr("goldrun.io.settings.project_root", lambda: tmp_path)
    with pytest.raises(SettingsError, match=r"'candidates.a.estimater' .did you mean 'estimator'"):
        load_model_config("churn", ChurnSettings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feature_sets": {"noise": [], "both": [RECENCY]}}, "noise has no feature"),
        ({"candidates": {}, "features": [RECENCY]}, "given without .candidates."),
        (
            {"candidates": FILE["candidates"] | {"both C=0.1": FILE["candidates"]["noise"]}},
            "two candidates have one name",
        ),
    ],
)
def test_sets_and_names_that_would_be_ignored_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(**changes)
