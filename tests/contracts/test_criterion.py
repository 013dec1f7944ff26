"""A criterion is written as a person would say it, in evidence and messages."""

import pytest

from goldrun.contracts.criterion import Criterion


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (Criterion("auc", above="recency.auc"), "auc above recency.auc"),
        (Criterion("auc", at_least=0.7, at_most=0.95), "auc at least 0.7 and at most 0.95"),
        (Criterion("auc", more_than=0), "auc more than 0"),
        (Criterion("auc"), "auc without a condition"),
    ],
    ids=str,
)
def test_a_criterion_is_written_in_words(criterion: Criterion, text: str) -> None:
    assert str(criterion) == text
