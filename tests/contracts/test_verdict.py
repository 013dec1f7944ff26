"""Three values, and none of them better than what was seen."""

from itertools import product

import pytest

from goldrun.contracts.verdict import Verdict, worst

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def test_nothing_judged_is_unknown() -> None:
    assert worst([]) is UNKNOWN


@pytest.mark.parametrize(("first", "second"), list(product(Verdict, repeat=2)))
def test_two_verdicts_are_as_bad_as_the_worse_one(first: Verdict, second: Verdict) -> None:
    from_good_to_bad = [PASS, UNKNOWN, FAIL]
    expected = max(first, second, key=from_good_to_bad.index)
    assert worst([first, second]) is expected


def test_one_fail_among_many_passes_is_a_fail() -> None:
    assert worst([PASS] * 50 + [UNKNOWN, FAIL] + [PASS] * 50) is FAIL


def test_one_unknown_among_many_passes_is_unknown() -> None:
    assert worst(iter([PASS] * 50 + [UNKNOWN])) is UNKNOWN


def test_verdicts_are_stored_as_these_words() -> None:
    assert [v.value for v in Verdict] == ["pass", "fail", "unknown"]
