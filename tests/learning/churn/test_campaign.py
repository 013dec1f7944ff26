"""The profit of a campaign, beside a walk over its customers in plain Python."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from goldrun.errors import SettingsError
from goldrun.io.settings import load_toml
from goldrun.learning.churn.campaign import Campaign, profit_of
from goldrun.learning.churn.campaign_plot import profit_figure
from goldrun.learning.churn.settings import ChurnSettings
from tests.project_copy import ROOT

CAMPAIGN = Campaign(customer_value=200, offer_cost=12, success_rate=0.25)


def walked(labels: list[int], chances: list[float]) -> list[tuple[int, float, float]]:
    """Contact one customer after another; keep the totals after the last of equal chances."""
    ordered = sorted(zip(chances, labels, strict=True), key=lambda one: -one[0])
    totals, expected, realised = [(0, 0.0, 0.0)], 0.0, 0.0
    for number, (chance, label) in enumerate(ordered, 1):
        expected += chance * 0.25 * 200 - 12
        realised += label * 0.25 * 200 - 12
        if number == len(ordered) or ordered[number][0] != chance:
            totals.append((number, expected, realised))
    return totals


def sample(seed: int, rows: int = 40) -> tuple[list[int], list[float]]:
    random = np.random.default_rng(seed)
    chances = np.round(random.random(rows), 1)
    labels = (random.random(rows) < chances).astype(int)
    return labels.tolist(), chances.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_the_curve_is_that_of_contacting_one_customer_after_another(seed: int) -> None:
    labels, chances = sample(seed)
    curve = profit_of(CAMPAIGN, labels, chances).curve
    expected = walked(labels, chances)
    assert curve.contacted.tolist() == [number for number, _, _ in expected]
    np.testing.assert_allclose(curve.to_numpy(), np.array(expected), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_whoever_pays_back_the_offer_is_contacted(seed: int) -> None:
    labels, chances = sample(seed)
    metrics = profit_of(CAMPAIGN, labels, chances).metrics()
    # 12 / (200 * .25) is .24.
    contacted = [place for place, chance in enumerate(chances) if chance > 0.24]
    assert metrics["profit.best_contacts"] == len(contacted)
    assert metrics["profit.expected"] == pytest.approx(
        sum(50 * chances[place] - 12 for place in contacted)
    )
    assert metrics["profit.realised"] == pytest.approx(
        sum(50 * labels[place] - 12 for place in contacted)
    )


def test_nobody_is_contacted_where_an_offer_costs_more_than_it_can_bring() -> None:
    metrics = profit_of(Campaign(customer_value=10, offer_cost=12, success_rate=1), *sample(0))
    assert metrics.metrics() == {
        "profit.best_contacts": 0,
        "profit.expected": 0,
        "profit.realised": 0,
    }


def test_the_order_of_the_customers_has_no_effect() -> None:
    labels, chances = sample(1)
    order = np.random.default_rng(2).permutation(len(labels))
    mixed = profit_of(CAMPAIGN, np.array(labels)[order], np.array(chances)[order])
    np.testing.assert_allclose(mixed.curve, profit_of(CAMPAIGN, labels, chances).curve, atol=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        {"customer_value": 0},
        {"customer_value": float("inf")},
        {"offer_cost": -1},
        {"success_rate": 0},
        {"success_rate": 25},
        {"discount": 3},
    ],
)
def test_values_without_a_meaning_are_refused(given: dict[str, Any]) -> None:
    fine = {"customer_value": 200, "offer_cost": 12, "success_rate": 0.25}
    with pytest.raises(ValidationError):
        Campaign.model_validate({**fine, **given})


def test_an_unknown_key_is_refused_with_the_nearest_of_the_campaign(tmp_path: Path) -> None:
    file = tmp_path / "churn.toml"
    file.write_text('features = ["recency_days"]\n[campaign]\ncustomer_valu = 200\n')
    with pytest.raises(SettingsError) as caught:
        load_toml(file, ChurnSettings)
    assert "unknown key 'campaign.customer_valu' (did you mean 'customer_value'?)" in str(
        caught.value
    )
    assert "known: customer_value, offer_cost, success_rate" in str(caught.value)
    assert "campaign.offer_cost is missing" in str(caught.value)


def test_the_figure_marks_the_best_number_and_names_the_currency() -> None:
    profit = profit_of(CAMPAIGN, *sample(3))
    figure = profit_figure(profit, "GBP")
    best = profit.metrics()["profit.best_contacts"]
    assert f"Contact {best:.0f} of 40 customers" in str(figure.get_suptitle())
    (marked,) = [line for line in figure.axes[0].get_lines() if "best" in str(line.get_label())]
    assert list(np.asarray(marked.get_xdata())) == [best, best]
    assert figure.axes[0].get_ylabel() == "Profit, GBP"


def test_the_shipped_example_is_a_campaign_once_its_comments_are_removed() -> None:
    text = (ROOT / "models" / "churn.toml").read_text("utf-8")
    assert ChurnSettings.model_validate(tomllib.loads(text)).campaign is None
    _, _, example = text.partition("# [campaign]\n")
    lines = [line.removeprefix("# ") for line in example.splitlines()]
    assert Campaign.model_validate(tomllib.loads("\n".join(lines))) == CAMPAIGN
