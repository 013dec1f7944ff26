"""The ledger answers who is champion, who was, and how often a test set was looked at."""

from datetime import timedelta

from goldrun.registry.history import (
    best_version,
    champion_by,
    earlier_champion,
    looks,
    open_intent,
    was_champion,
)
from goldrun.registry.ledger import Action, State
from tests.registry.entries import START, chain

FIRST = ({"state": State.INTENDED}, {"state": State.DONE})
REFUSED = {"state": State.REFUSED, "to_version": 2, "from_version": 1, "compared_with": 1}
BETTER = {
    "to_version": 3,
    "from_version": 1,
    "compared_with": 1,
    "comparison": {"champion.auc_above_low": 0.01},
}


def test_the_champion_is_the_last_version_whose_alias_moved() -> None:
    entries = chain(*FIRST, REFUSED, {**BETTER, "state": State.INTENDED})
    champion = champion_by(entries)
    assert champion is not None
    assert champion.to_version == 1
    assert champion_by([]) is None
    assert champion_by(chain(REFUSED)) is None


def test_the_champion_at_a_time_is_the_one_of_then() -> None:
    entries = chain(*FIRST, BETTER)
    found = [champion_by(entries, START + timedelta(days=days)) for days in (0, 1, 1.5, 2)]
    assert [each and each.to_version for each in found] == [None, 1, 1, 3]


def test_an_intent_is_open_until_it_is_done_or_abandoned() -> None:
    (intended,) = chain({"state": State.INTENDED})
    assert open_intent([intended]) == intended
    for end in (State.DONE, State.ABANDONED):
        assert open_intent(chain({"state": State.INTENDED}, {"state": end})) is None
    assert open_intent([]) is None


def test_an_earlier_champion_is_another_version() -> None:
    back = {"to_version": 1, "from_version": 3, "action": Action.ROLLBACK}
    entries = chain(*FIRST, BETTER, back)
    earlier = earlier_champion(entries)
    assert earlier is not None
    assert earlier.to_version == 3
    assert earlier_champion(chain(*FIRST)) is None
    assert was_champion(entries, 3) == entries[2]
    assert was_champion(entries, 2) is None


def test_a_look_is_a_comparison_at_the_same_test_origin() -> None:
    intended = {**BETTER, "state": State.INTENDED}
    entries = chain(*FIRST, REFUSED, REFUSED, intended, BETTER)
    assert looks(entries, "2011-09-10") == 3
    assert looks(entries, "2011-09-17") == 0


def test_a_champion_that_is_only_not_worse_does_not_lower_the_best() -> None:
    worse = {**BETTER, "to_version": 4, "comparison": {"champion.auc_above_low": -0.004}}
    assert best_version(chain(*FIRST, BETTER, worse)) == 3
    assert best_version(chain(*FIRST, worse)) == 1
    assert best_version(chain(*FIRST, BETTER, {**worse, "forced": True})) == 4
    assert best_version(chain(*FIRST, BETTER, {"to_version": 1, "action": Action.ROLLBACK})) == 1
    assert best_version([]) is None
