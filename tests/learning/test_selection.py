import numpy as np
import pytest

from goldrun.learning.selection import select


def test_the_lowest_regret_is_chosen_where_nothing_simpler_is_near() -> None:
    found = select([[0.60, 0.62, 0.61], [0.70, 0.74, 0.71], [0.65, 0.66, 0.66]])
    assert found.chosen == 1
    assert found.regret == pytest.approx([0.32 / 3, 0.0, 0.18 / 3])
    assert found.behind[1] == 0


def test_a_simpler_candidate_within_one_standard_error_is_chosen() -> None:
    simple, best = np.array([0.70, 0.72, 0.74]), np.array([0.71, 0.715, 0.742])
    differences = best - simple
    error = differences.std(ddof=1) / np.sqrt(3)
    assert differences.mean() < error
    found = select([simple, best])
    assert found.chosen == 0
    assert found.behind == pytest.approx([differences.mean(), 0])
    assert found.standard_error == pytest.approx([error, 0])


def test_a_simpler_candidate_that_is_always_a_little_worse_is_not_chosen() -> None:
    best = np.array([0.70, 0.75, 0.80])
    assert select([best - 0.001, best]).chosen == 1


def test_what_makes_a_date_easy_for_all_does_not_widen_the_error() -> None:
    ease = np.array([0.0, 0.1, 0.2])
    scores = np.array([[0.60, 0.601, 0.602], [0.61, 0.612, 0.611]])
    plain, easier = select(scores), select(scores + ease)
    assert plain.chosen == easier.chosen == 1
    assert easier.standard_error == pytest.approx(plain.standard_error)


def test_with_one_date_the_highest_score_is_chosen_and_the_simplest_of_equals() -> None:
    assert select([[0.7], [0.71], [0.71]]).chosen == 1


@pytest.mark.parametrize("scores", [[], [[]], [0.7, 0.8]])
def test_scores_are_of_candidates_by_date(scores: object) -> None:
    with pytest.raises(ValueError, match="not \\(candidates, dates\\)"):
        select(scores)  # type: ignore[arg-type]


def test_a_score_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        select([[0.7, np.nan]])
