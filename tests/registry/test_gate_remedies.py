"""A refusal names the baselines that a model does not beat, and what helps."""

from dataclasses import replace

from goldrun.contracts.criterion import Criterion
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.resampling import Interval
from goldrun.registry.remedies import remedies

CRITERIA = (
    Criterion("auc", above="recency.auc"),
    Criterion("auc", above="frequency.auc"),
    Criterion("auc", at_least=0.6),
)


def test_baselines_that_are_as_good_are_named_with_their_scores() -> None:
    (found,) = remedies(CRITERIA, {"auc": 0.7, "recency.auc": 0.7, "frequency.auc": 0.61}, "churn")
    assert "order customers by the best of recency.auc 0.700;" in found
    assert "frequency" not in found


def test_a_metric_below_its_minimum_names_the_settings() -> None:
    (found,) = remedies(CRITERIA, {"auc": 0.59, "recency.auc": 0.5, "frequency.auc": 0.5}, "churn")
    assert "models/churn.toml" in found
    assert found.endswith("for a better auc")


def test_a_model_that_meets_its_criteria_needs_none() -> None:
    assert remedies(CRITERIA, {"auc": 0.7, "recency.auc": 0.6, "frequency.auc": 0.6}, "x") == []
    assert remedies(CRITERIA, {}, "churn") == []


def test_a_lead_that_is_not_shown_needs_another_model_or_a_newer_test_date() -> None:
    lead = Interval(0.001, -0.004, 0.006)
    lost = HeadToHead("auc", 0.751, 0.75, 3, lead=lead)
    (found,) = remedies((), {}, "churn", lost)
    assert "with more test rows" in found
    _, newer = remedies((), {}, "churn", replace(lost, looks=1))
    assert newer.startswith("a newer test date")
    _, too_many = remedies((), {}, "churn", replace(lost, looks=5))
    assert too_many.endswith("too many models were compared at the present one")


def test_other_segments_need_the_champions_settings_or_force() -> None:
    lost = HeadToHead("bootstrap_ari", 0.9, 0.85, 3, agreement=0.4)
    (found,) = remedies((), {}, "segmentation", lost)
    assert "models/segmentation.toml that version 3 was trained with" in found
    assert "force=true" in found
    assert remedies((), {}, "segmentation", replace(lost, agreement=0.9)) == []


def test_a_lead_that_was_not_measured_needs_a_new_training() -> None:
    (found,) = remedies((), {}, "churn", HeadToHead("auc", 0.9, 0.8, 3))
    assert found.startswith("train again")
