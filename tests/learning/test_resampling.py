import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from goldrun.errors import AsOfError
from goldrun.learning.resampling import Compared, Ordered, auc, average_precision, compare

PLACES = np.arange(500)
LABELS = (7919 * PLACES % 101 < 40).astype(float)
WEAKER = 104729 * PLACES % 997 / 997 + 0.35 * LABELS
STRONGER = WEAKER + 0.06 * LABELS
"""Scores with known metrics: AUC .784032 and .821928; their difference has DeLong's standard error
.002656 and a paired 95 % interval of about [.0326, .0434]."""


def compared(
    labels: np.ndarray, scores: dict[str, np.ndarray], seed: int, repeats: int = 2_000
) -> Compared:
    return compare({"auc": auc}, labels, scores, seed=seed, repeats=repeats)["auc"]


def test_a_known_difference_and_its_paired_interval_are_found() -> None:
    found = compared(LABELS, {"new": STRONGER, "old": WEAKER}, seed=7)
    assert found.each["old"].value == pytest.approx(0.784032, abs=1e-6)
    assert found.each["new"].value == pytest.approx(0.821928, abs=1e-6)
    lead = found.above["old"]
    assert lead.value == pytest.approx(0.037896, abs=1e-6)
    assert (lead.low, lead.high) == pytest.approx((0.0326, 0.0434), abs=7e-4)
    # Unpaired, the difference would not be shown.
    assert found.each["new"].low < found.each["old"].high


def test_the_interval_agrees_with_the_standard_error_of_delong() -> None:
    lead = compared(LABELS, {"new": STRONGER, "old": WEAKER}, seed=1).above["old"]
    assert (lead.high - lead.low) / (2 * 1.96) == pytest.approx(0.002656, rel=0.08)


@pytest.mark.parametrize("decimals", [1, 2, 8])
def test_weights_count_as_repeated_rows_with_ties_too(decimals: int) -> None:
    random = np.random.default_rng(decimals)
    labels = (random.random(80) < 0.4).astype(float)
    scores = np.round(random.random(80) + 0.3 * labels, decimals)
    weights = random.integers(0, 4, size=(20, 80))
    sums = Ordered.by(labels, scores).sums(weights.astype(float))
    of_auc, of_precision = auc(*sums), average_precision(*sums)
    for draw, times in enumerate(weights):
        repeated = np.repeat(labels, times), np.repeat(scores, times)
        assert of_auc[draw] == pytest.approx(roc_auc_score(*repeated))
        assert of_precision[draw] == pytest.approx(average_precision_score(*repeated))


def test_equal_seeds_give_equal_intervals_in_any_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {"new": STRONGER, "old": WEAKER}
    found = compared(LABELS, scores, seed=3, repeats=100)
    assert compared(LABELS, scores, seed=3, repeats=100) == found
    monkeypatch.setattr("goldrun.learning.resampling._CELLS_AT_ONCE", 7 * len(LABELS))
    assert compared(LABELS, scores, seed=3, repeats=100) == found


def test_the_interval_of_a_useless_score_holds_one_half() -> None:
    random = np.random.default_rng(0)
    held = 0
    for trial in range(40):
        labels = (random.random(300) < 0.4).astype(float)
        found = compared(labels, {"any": random.random(300)}, seed=trial, repeats=300)
        held += found.each["any"].low <= 0.5 <= found.each["any"].high
    assert held >= 34


def test_a_draw_with_one_class_is_left_out() -> None:
    labels, scores = np.array([1.0, 0, 0]), np.array([0.9, 0.1, 0.2])
    assert np.isnan(auc(*Ordered.by(labels, scores).sums(np.array([[0.0, 2, 1]]))))
    found = compared(labels, {"any": scores}, seed=0, repeats=200).each["any"]
    assert (found.low, found.value, found.high) == (1, 1, 1)


def test_labels_of_one_class_are_refused() -> None:
    with pytest.raises(AsOfError, match="no model can be"):
        compared(np.ones(4), {"any": np.arange(4.0)}, seed=0)
