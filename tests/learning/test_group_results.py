"""Results by group are those that a loop over the customers counts; small groups stay hidden."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from goldrun.learning.group_results import (
    SMALLEST_GROUP,
    GroupResults,
    Predictions,
    group_results,
)
from goldrun.learning.resampling import Interval

ROWS = 1_000


@pytest.fixture
def groups() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    kinds = np.array(["France", "Spain", None, "Malta"], dtype=object)
    places = kinds[rng.choice(4, ROWS, p=[0.5, 0.3, 0.17, 0.03])]
    return pd.DataFrame(
        {
            "location": places,
            "preferred_device": [None] * ROWS,
            "tenure_days": rng.integers(0, 800, ROWS).astype(float),
        }
    )


@pytest.fixture
def supervised() -> Predictions:
    rng = np.random.default_rng(6)
    values = rng.random(ROWS)
    labels = (rng.random(ROWS) < values).astype(float)
    return Predictions(values, labels, "churned", is_probability=True)


def test_each_group_has_its_own_rates_and_auc(
    groups: pd.DataFrame, supervised: Predictions
) -> None:
    place, *_ = group_results(groups, supervised, seed=0)
    assert place.title == "location"
    assert list(place.table.location) == ["France", "Spain", "unknown"]
    assert supervised.labels is not None
    for _, row in place.table.iterrows():
        rows = (groups.location.fillna("unknown") == row.location).to_numpy()
        values, labels = supervised.values[rows], supervised.labels[rows]
        assert row.customers == rows.sum()
        assert row["mean churned"] == pytest.approx(sum(labels) / len(labels))
        assert row["mean prediction"] == pytest.approx(sum(values) / len(values))
        assert isinstance(row.AUC, Interval)
        assert row.AUC.value == pytest.approx(roc_auc_score(labels, values))
        assert row.AUC.low < row.AUC.value < row.AUC.high


def test_a_small_group_is_counted_and_not_shown(
    groups: pd.DataFrame, supervised: Predictions
) -> None:
    place, *_ = group_results(groups, supervised, seed=0)
    assert 0 < (groups.location == "Malta").sum() < SMALLEST_GROUP
    assert "Malta" not in set(place.table.location)
    assert place.hidden == 1


def results_by_location(sizes: dict[str, int]) -> GroupResults:
    """Results of a model of one class, for customers in places of these sizes."""
    places = [place for place, size in sizes.items() for _ in range(size)]
    everybody = pd.DataFrame({"location": places, "preferred_device": None, "tenure_days": 0.0})
    return group_results(everybody, Predictions(np.zeros(len(places))), seed=0)[0]


def test_a_group_is_shown_from_fifty_customers_on() -> None:
    place = results_by_location({"Malta": 49, "Spain": 50})
    assert list(place.table.location) == ["Spain"]
    assert list(place.table.customers) == [50]
    assert place.hidden == 1


@pytest.mark.parametrize("number", [12, 13])
def test_the_twelve_largest_groups_are_shown_and_the_others_counted(number: int) -> None:
    place = results_by_location({f"place {n}": 100 - n for n in range(number)})
    assert list(place.table.location) == [f"place {n}" for n in range(12)]
    assert place.hidden == number - 12


def test_a_column_that_the_shop_does_not_record_has_no_table(
    groups: pd.DataFrame, supervised: Predictions
) -> None:
    device = group_results(groups, supervised, seed=0)[1]
    assert (device.title, device.table.empty, device.hidden) == ("device", True, 0)


def test_tenures_are_ranges_that_cover_everybody_once(
    groups: pd.DataFrame, supervised: Predictions
) -> None:
    groups.loc[:99, "tenure_days"] = 29
    groups.loc[100:159, "tenure_days"] = 30
    tenure = group_results(groups, supervised, seed=0)[2].table.set_index("tenure").customers
    ranges = [f"{low} to {high} days" for low, high in [(0, 29), (30, 89), (90, 179), (180, 364)]]
    assert list(tenure.index) == [*ranges, "365 days or more"]
    days = groups.tenure_days
    assert tenure["30 to 89 days"] == ((days >= 30) & (days < 90)).sum()
    assert tenure["365 days or more"] == (days >= 365).sum()
    assert tenure.sum() == ROWS


def test_a_group_with_one_outcome_has_no_auc(groups: pd.DataFrame, supervised: Predictions) -> None:
    assert supervised.labels is not None
    supervised.labels[(groups.location == "Spain").to_numpy()] = 1
    place = group_results(groups, supervised, seed=0)[0].table.set_index("location")
    assert place.loc["Spain", "AUC"] is None
    assert place.loc["Spain", "mean churned"] == 1


def test_an_unsupervised_model_has_shares_of_its_classes(groups: pd.DataFrame) -> None:
    values = np.arange(ROWS) % 3
    found = Predictions(values.astype(float), names={0: "Champions", 1: "Loyal"})
    place = group_results(groups, found, seed=0)[0].table
    assert list(place.columns) == ["location", "customers", "Champions", "Loyal", "class 2"]
    france = (groups.location == "France").to_numpy()
    assert place["Champions"][0] == pytest.approx((values[france] == 0).mean())
    assert place[["Champions", "Loyal", "class 2"]].sum(axis=1).tolist() == pytest.approx([1] * 3)
