"""Alias and ledger name the same champion, or how they differ is named."""

import pytest

from goldrun.registry.standing import Standing, recorded_champion
from tests.registry.entries import chain


@pytest.mark.parametrize("standing", [Standing(None, None), Standing(2, 2)])
def test_alias_and_ledger_agree(standing: Standing) -> None:
    assert standing.problem() == ""


@pytest.mark.parametrize(
    ("standing", "problem"),
    [
        (Standing(None, None, promoted=True), "versions were promoted, and the ledger has no"),
        (Standing(2, None), "version 2 has the alias champion, and the ledger has no promotion"),
        (Standing(None, 1), "no version has the alias champion, and by the ledger version 1"),
        (Standing(2, 1), "version 2 has the alias champion, and by the ledger version 1"),
        (Standing(None, 1, recorded_exists=False), "which was deleted from the registry"),
    ],
)
def test_how_they_differ_is_named(standing: Standing, problem: str) -> None:
    assert problem in standing.problem()


def test_only_a_model_that_never_had_a_champion_has_its_first() -> None:
    assert Standing(None, None).is_first
    for other in (
        Standing(None, 1),
        Standing(None, 1, recorded_exists=False),
        Standing(None, None, promoted=True),
        Standing(1, None),
        Standing(1, 1),
    ):
        assert not other.is_first


def test_a_champion_is_lost_when_its_version_was_deleted() -> None:
    assert Standing(None, 1, recorded_exists=False).is_lost
    assert not Standing(None, 1).is_lost
    assert not Standing(2, 1, recorded_exists=False).is_lost


def test_the_recorded_champion_is_the_last_one_done() -> None:
    assert recorded_champion(chain({}, {"to_version": 2})) == 2
    assert recorded_champion([]) is None
