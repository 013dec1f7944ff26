"""The description of a version tells the decision, once, within the registry's limit."""

from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.model_card import LONGEST_DESCRIPTION
from goldrun.learning.resampling import Interval
from goldrun.registry.description import with_decision
from goldrun.registry.gate import Decision
from tests.registry.evidences import EVIDENCE

CARD = "AUC 0.744.\n\n## Intended use\n\nRank customers.\n\n## Metrics\n\n| auc | 0.744 |"
PROMOTED = Decision(promote=True, against=(), warnings=())
REFUSED = Decision(promote=False, against=("auc is too low",), warnings=())
COMPARED = HeadToHead("auc", 0.744, 0.741, 3, Interval(0.003, 0.001, 0.005))


def test_the_decision_follows_the_summary_with_links_to_its_runs() -> None:
    found = with_decision(CARD, EVIDENCE, REFUSED, COMPARED, "5")
    summary, decision, intended, metrics = found.split("\n\n## ")
    assert summary == "AUC 0.744."
    assert "- not promoted: auc is too low" in decision
    assert "beside champion version 3 on the same rows: auc 0.7440, champion.auc 0.7410" in decision
    assert "[data quality: pass](#/experiments/5/runs/run-2)" in decision
    assert "[feature drift: pass](#/experiments/5/runs/run-3)" in decision
    assert "[training run](#/experiments/5/runs/run-1)" in decision
    assert (intended[:12], metrics[:7]) == ("Intended use", "Metrics")


def test_a_later_decision_takes_the_place_of_the_earlier_one() -> None:
    first = with_decision(CARD, EVIDENCE, REFUSED, COMPARED, "5")
    second = with_decision(first, EVIDENCE, PROMOTED, None, "5")
    assert second.count("## Decision") == 1
    assert "- promoted" in second
    assert "not promoted" not in second


def test_sections_beyond_the_limit_are_left_out() -> None:
    long = f"{CARD}\n\n## Data\n\n{'x' * LONGEST_DESCRIPTION}"
    found = with_decision(long, EVIDENCE, PROMOTED, None, "5")
    assert len(found) <= LONGEST_DESCRIPTION
    assert "## Metrics" in found
    assert "## Data" not in found
    many = Decision(promote=False, against=("reason " * 1000,), warnings=())
    assert len(with_decision(CARD, EVIDENCE, many, None, "5")) <= LONGEST_DESCRIPTION
