"""A model card says what the numbers show and what they do not, and fits into a description."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from goldrun.learning.group_results import GroupResults
from goldrun.learning.model_card import (
    LONGEST_DESCRIPTION,
    Card,
    Training,
    model_card,
    version_description,
)
from goldrun.learning.resampling import Interval

METRICS = {
    "rows": 3370.0,
    "auc": 0.7348,
    "auc_low": 0.718,
    "auc_high": 0.752,
    "brier": float("nan"),
    "recency.auc": 0.6834,
    "recency.auc_low": 0.665,
    "recency.auc_high": 0.701,
    "recency.auc_above": 0.0514,
    "recency.auc_above_low": 0.039,
    "recency.auc_above_high": 0.064,
    "bg_nbd.auc": 0.7293,
    "bg_nbd.auc_above": 0.0057,
    "bg_nbd.auc_above_low": -0.0041,
    "bg_nbd.auc_above_high": 0.015,
}
PLACES = pd.DataFrame(
    {
        "location": ["United Kingdom", "A|B\nC"],
        "customers": [3012, 60],
        "mean churned": [0.43, 0.5],
        "AUC": [Interval(0.736, 0.71, 0.75), None],
    }
)
CARD = Card(
    name="shop-churn",
    source="shop",
    summary="AUC 0.735 [0.718, 0.752]",
    intended_use="Rank customers for offers.",
    training=Training((date(2011, 5, 12), date(2011, 6, 12)), date(2011, 9, 10), 90, 5000, 2811, 3),
    tables={"gold/customer_features": 0, "silver/transactions": 12},
    training_hash="ab" * 32,
    features={"recency_days": "Days since the last order."},
    estimator=["SimpleImputer", "LogisticRegression"],
    parameters={"seed": 42, "parameters": {"C": 1.0}},
    metrics=METRICS,
    baselines=["recency", "bg_nbd"],
    groups=[GroupResults("location", PLACES, 3), GroupResults("device", pd.DataFrame(), 0)],
)


@pytest.fixture
def text() -> str:
    return model_card(CARD)


def rows(text: str, first: str) -> list[list[str]]:
    """The cells of the rows whose first cell is given."""
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [row for row in cells if row[0] == first]


def test_metrics_stand_beside_the_baselines_with_their_intervals(text: str) -> None:
    values, lead = rows(text, "auc")
    assert values == ["auc", "0.735 [0.718, 0.752]", "0.683 [0.665, 0.701]", "0.729"]
    assert lead == ["auc", "+0.051 [+0.039, +0.064]", "+0.006 [-0.004, +0.015]"]
    assert rows(text, "rows")[0][1] == "3,370"
    assert rows(text, "brier")[0][1] == "unknown"
    assert not rows(text, "auc_low")


def test_what_is_not_shown_is_a_limit(text: str) -> None:
    limits = text.split("## Limits")[1].split("##", maxsplit=1)[0]
    assert "Not shown to be better than bg nbd (auc)" in limits
    assert "recency" not in limits
    assert "5,000 rows are 2,811 people" in limits
    assert "Results by device are unknown: gold has no value of it." in limits


def test_every_part_of_the_training_is_named(text: str) -> None:
    for part in (
        "# shop-churn",
        "Rank customers for offers.",
        "trained as of 2011-05-12, 2011-06-12: 5,000 rows of 2,811 customers",
        "tested as of 2011-09-10",
        "labels from the 90 days",
        "SimpleImputer → LogisticRegression",
        "Days since the last order.",
        "ab" * 32,
    ):
        assert part in text
    assert rows(text, "`gold/customer_features`") == [["`gold/customer_features`", "0"]]
    assert rows(text, "`seed`") == [["`seed`", "42"]]


def test_groups_are_rows_and_their_names_break_no_table(text: str) -> None:
    assert rows(text, "United Kingdom") == [
        ["United Kingdom", "3,012", "0.430", "0.736 [0.710, 0.750]"]
    ]
    assert "| A\\|B C | 60 | 0.500 |  |" in text
    assert "3 smaller groups are not shown." in text
    assert "Groups with fewer than 50 customers are not shown." in text


def test_a_model_without_a_test_or_a_baseline_says_so() -> None:
    training = Training((date(2011, 12, 10),), None, None, 4338, 4338, 4338)
    card = replace(
        CARD, training=training, metrics={"bootstrap_ari": 0.87}, baselines=[], intended_use=""
    )
    text = model_card(card)
    assert "On the 4,338 rows that it was trained on." in text
    assert "there is no label to predict" in text
    assert "The settings name none (`intended_use`)." in text
    assert "Lead over" not in text
    assert "people." not in text


def test_a_description_fits_and_keeps_what_matters_most() -> None:
    short = version_description(CARD)
    assert len(short) <= LONGEST_DESCRIPTION
    assert "## Data" in short
    many = {f"feature_{n}": "A long sentence about what it means. " * 3 for n in range(60)}
    cut = version_description(replace(CARD, features=many))
    assert len(cut) <= LONGEST_DESCRIPTION
    assert "## Features" not in cut
    for heading in ("## Intended use", "## Metrics", "## Limits", "## Data"):
        assert heading in cut
    assert cut.endswith("`model_card.md` of the training run.")
    huge = version_description(replace(CARD, summary="s" * 6_000))
    assert "sss" not in huge
    assert "## Metrics" in huge
