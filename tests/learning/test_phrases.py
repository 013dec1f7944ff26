"""Each feature's value is described in words without jargon."""

import math

import pytest

from goldrun.features.catalog.feature_tables import NUMERIC_FEATURES
from goldrun.learning.phrases import BESIDE, PHRASES, describe

NAN = math.nan


def test_every_numeric_feature_has_a_phrase_of_its_own() -> None:
    assert set(PHRASES) == {feature.name for feature in NUMERIC_FEATURES}
    texts = [phrase.text for phrase in PHRASES.values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("feature", sorted(PHRASES))
def test_every_value_and_every_null_is_described(feature: str) -> None:
    (column,) = [one for one in NUMERIC_FEATURES if one.name == feature]
    described = {describe(feature, {feature: value}, "GBP") for value in (0.0, 0.4, 1.0, 1234.5)}
    assert len(described) > 1
    unknown = describe(feature, {feature: NAN}, "GBP")
    assert column.required or unknown
    for text in (*described, unknown):
        assert not set("_{}") & set(text)
        assert "nan" not in text.lower().split()
        assert "as_of" not in text


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        ("purchase_frequency", 3, "3 orders in all"),
        ("purchase_frequency", 1, "1 order in all"),
        ("total_spend", 120.5, "spent 120.50 GBP in all"),
        ("total_spend", 1234567.891, "spent 1,234,567.89 GBP in all"),
        ("net_spend", -12, "spent -12.00 GBP in all, less refunds"),
        ("cancellation_rate", 0.05, "5 % of the orders were cancelled"),
        ("cancellation_rate", 1 / 3, "33 % of the orders were cancelled"),
        ("cancellation_rate", 0.025, "2.5 % of the orders were cancelled"),
        ("transaction_frequency_last_90_days", 0, "no orders in the last 90 days"),
        ("transaction_frequency_last_90_days", NAN, "the history is shorter than 90 days"),
        ("recency_days", 71, "no order for 71 days"),
        ("recency_days", 1, "no order for 1 day"),
        ("purchase_gap_mean_days", 30.4, "usually orders every 30 days"),
        ("purchase_gap_mean_days", NAN, "has ordered on one day only"),
        ("response_time_mean", 90, "answers took 1.5 minutes on average"),
        ("payment_share_bank_transfer", 1, "100 % of the spend was paid by bank transfer"),
        ("refund_rate", NAN, "nothing was ever paid"),
    ],
)
def test_values_are_written_as_a_marketer_reads_them(feature: str, value: float, text: str) -> None:
    assert describe(feature, {feature: value}, "GBP") == text


def test_recency_is_beside_the_usual_gap_where_it_is_known() -> None:
    values = {"recency_days": 71.0, "purchase_gap_mean_days": 30.2}
    assert describe("recency_days", values, "GBP") == "no order for 71 days; usually every 30"
    once = {**values, "purchase_gap_mean_days": NAN}
    assert describe("recency_days", once, "GBP") == "no order for 71 days"
    assert BESIDE == ("purchase_gap_mean_days",)


def test_a_feature_without_a_phrase_is_described_by_its_name() -> None:
    assert describe("shoe_size", {"shoe_size": 42.0}, "GBP") == "shoe size: 42"
