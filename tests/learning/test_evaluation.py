from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from goldrun.errors import AsOfError
from goldrun.learning.evaluation import BinaryScores, cumulative_gain, lift_at, score_binary

Rows = list[tuple[int, int]]
LABELLED = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=60
).filter(lambda rows: len({label for label, _ in rows}) == 2)


def split(rows: Rows) -> tuple[list[int], list[int]]:
    return [label for label, _ in rows], [score for _, score in rows]


def test_auc_and_average_precision_are_those_of_the_scikit_learn_manual() -> None:
    measured = score_binary([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], probabilities=True)
    assert measured.auc == pytest.approx(0.75)
    assert measured.average_precision == pytest.approx(0.8333, abs=1e-4)


def test_brier_is_that_of_the_scikit_learn_manual() -> None:
    measured = score_binary([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3], probabilities=True)
    assert measured.brier == pytest.approx(0.0375)


@settings(deadline=None)
@given(LABELLED)
def test_auc_is_the_mann_whitney_statistic_per_pair_even_with_ties(rows: Rows) -> None:
    labels, scores = split(rows)
    positive = [s for label, s in rows if label]
    negative = [s for label, s in rows if not label]
    u = mannwhitneyu(positive, negative, method="asymptotic").statistic
    measured = score_binary(labels, scores, probabilities=False)
    assert measured.auc == pytest.approx(u / (len(positive) * len(negative)))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=5, max_size=5).filter(
        lambda rows: len({label for label, _ in rows}) == 2
    ),
    st.integers(1, 5),
)
def test_lift_with_ties_is_the_mean_over_all_orders_of_the_tied_rows(rows: Rows, top: int) -> None:
    labels, scores = split(rows)
    lifts = []
    for order in permutations(rows):
        ranked = sorted(order, key=lambda row: -row[1])
        lifts.append(np.mean([label for label, _ in ranked[:top]]) / np.mean(labels))
    assert lift_at(labels, scores, top / 5) == pytest.approx(np.mean(lifts))


@settings(deadline=None)
@given(LABELLED, st.randoms())
def test_the_order_of_the_rows_changes_nothing(rows: Rows, random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    before = score_binary(*split(rows), probabilities=False).metrics()
    assert score_binary(*split(shuffled), probabilities=False).metrics() == pytest.approx(before)


def test_lift_at_10_of_a_perfect_ranking_is_one_over_a_base_rate_above_ten_percent() -> None:
    labels = np.repeat([1, 0], [25, 75])
    assert score_binary(labels, labels, probabilities=False).lift_at_10 == pytest.approx(4)


def test_lift_at_10_of_a_perfect_ranking_is_ten_when_positives_are_rarer_than_that() -> None:
    labels = np.repeat([1, 0], [5, 95])
    assert score_binary(labels, labels, probabilities=False).lift_at_10 == pytest.approx(10)


def test_a_constant_score_has_no_lift() -> None:
    measured = score_binary(np.repeat([1, 0], [30, 70]), np.ones(100), probabilities=False)
    assert measured.lift_at_10 == pytest.approx(1)
    assert measured.auc == pytest.approx(0.5)


@settings(deadline=None)
@given(LABELLED)
def test_gain_rises_from_zero_to_one(rows: Rows) -> None:
    contacted, reached = cumulative_gain(*split(rows))
    assert (contacted[0], reached[0]) == (0, 0)
    assert (contacted[-1], reached[-1]) == (pytest.approx(1), pytest.approx(1))
    assert (np.diff(contacted) > 0).all()
    assert (np.diff(reached) >= 0).all()


def test_brier_is_omitted_if_scores_are_not_probabilities() -> None:
    measured = score_binary([0, 1], [-3, 250], probabilities=False)
    assert measured.brier is None
    assert "test_brier" not in measured.metrics("test_")


def test_metrics_have_their_prefix() -> None:
    measured = BinaryScores(10, 0.5, 0.6, 0.7, 1.2, 0.2)
    assert measured.metrics("test_") == {
        "test_rows": 10,
        "test_base_rate": 0.5,
        "test_auc": 0.6,
        "test_average_precision": 0.7,
        "test_lift_at_10": 1.2,
        "test_brier": 0.2,
    }


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 0], []])
def test_labels_of_one_class_are_refused_with_the_remedy(labels: list[int]) -> None:
    with pytest.raises(AsOfError, match=r"as_of.*horizon"):
        score_binary(labels, np.zeros(len(labels)), probabilities=False)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_not_finite_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="1 of 2 scores"):
        score_binary([0, 1], [0.2, score], probabilities=False)


@pytest.mark.parametrize("labels", [[0, 2], [0, float("nan")]])
def test_a_label_that_is_neither_0_nor_1_is_refused(labels: list[float]) -> None:
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        score_binary(labels, [0.1, 0.2], probabilities=False)


def test_probabilities_outside_0_to_1_are_refused() -> None:
    with pytest.raises(ValueError, match=r"not within 0\.\.1"):
        score_binary([0, 1], [0.1, 1.2], probabilities=True)


def test_the_number_of_scores_equals_the_number_of_labels() -> None:
    with pytest.raises(ValueError, match="shape"):
        score_binary([0, 1], [0.1, 0.2, 0.3], probabilities=False)
