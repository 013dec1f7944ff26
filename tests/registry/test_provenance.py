"""Which lake an older version was trained on is read from what its run has recorded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from goldrun.registry.provenance import LakeState, Provenance, TrainingRecord, provenance_of

CREATED = datetime(2025, 3, 1, tzinfo=UTC)
LAKE = LakeState(frozenset({"/lake"}), CREATED, {"silver/transactions": 4, "gold/features": 2})
TRAINED = TrainingRecord("/lake", CREATED + timedelta(days=1), {"silver/transactions": 4})


def test_what_was_trained_on_versions_that_the_lake_has_is_its_own() -> None:
    assert provenance_of(TRAINED, LAKE) == (Provenance.THIS, "")
    assert (
        provenance_of(replace(TRAINED, versions={"gold/features": 0}), LAKE)[0] is Provenance.THIS
    )


def test_what_was_read_from_another_folder_is_another_lakes() -> None:
    found, reason = provenance_of(replace(TRAINED, root="/other"), LAKE)
    assert (found, reason) == (Provenance.OTHER, "it was trained on /other")


def test_a_lake_that_was_moved_is_known_by_its_former_folder() -> None:
    moved = replace(LAKE, roots=frozenset({"/lake", "/before"}))
    assert provenance_of(replace(TRAINED, root="/before"), moved)[0] is Provenance.THIS


def test_what_is_older_than_the_lake_is_of_an_earlier_one_in_its_place() -> None:
    found, reason = provenance_of(replace(TRAINED, at=CREATED - timedelta(seconds=1)), LAKE)
    assert found is Provenance.OTHER
    assert "before this lake was created" in reason


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        (
            {"silver/transactions": 5},
            "version 5 of silver/transactions, and the lake has",
        ),
        ({"silver/customers": 0}, "silver/customers, which the lake does not have"),
    ],
)
def test_a_lake_that_is_behind_or_lacks_a_table_can_not_be_it(
    versions: dict[str, int], said: str
) -> None:
    found, reason = provenance_of(replace(TRAINED, versions=versions), LAKE)
    assert found is Provenance.IMPOSSIBLE
    assert said in reason


def test_without_any_record_it_is_unknown() -> None:
    assert provenance_of(replace(TRAINED, root=None, versions={}), LAKE)[0] is Provenance.UNKNOWN


def test_without_a_run_the_versions_decide() -> None:
    assert provenance_of(replace(TRAINED, root=None), LAKE)[0] is Provenance.THIS
