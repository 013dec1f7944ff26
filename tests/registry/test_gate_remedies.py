"""A refusal names the baselines that a model does not beat, and what helps."""

from goldrun.contracts.criterion import Criterion
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
