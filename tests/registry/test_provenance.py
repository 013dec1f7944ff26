"""The lake that trained an older version follows from the records of its run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from goldrun.registry.provenance import LakeState, Provenance, TrainingRecord, provenance_of

CREATED = datetime(2025, 3, 1, tzinfo=UTC)
LAKE = LakeState(frozenset({"/lake"}), CREATED, {"silver/transactions": 4, "gold/features": 2})
TRAINED = TrainingRecord("/lake", CREATED + timedelta(days=1), {"silver/transactions": 4})


def test_a_model_trained_on_versions_of_the_lake_belongs_to_it() -> None:
    assert provenance_of(TRAINED, LAKE) == (Provenance.THIS, "")
    assert (
        provenance_of(replace(TRAINED, versions={"gold/features": 0}), LAKE)[0] is Provenance.THIS
    )


def test_a_model_trained_in_another_folder_belongs_to_another_lake() -> None:
    found, reason = provenance_of(replace(TRAINED, root="/other"), LAKE)
    assert (found, reason) == (Provenance.OTHER, "it was trained on /other")


def test_a_moved_lake_is_recognised_by_its_former_folder() -> None:
    moved = replace(LAKE, roots=frozenset({"/lake", "/before"}))
    assert provenance_of(replace(TRAINED, root="/before"), moved)[0] is Provenance.THIS


def test_a_model_older_than_the_lake_belongs_to_an_earlier_lake() -> None:
    found, reason = provenance_of(replace(TRAINED, at=CREATED - timedelta(seconds=1)), LAKE)
    assert found is Provenance.OTHER
    assert "before this lake was created" in reason


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        (
            {"silver/transactions": 5},
            "version 5 of silver/transactions, and the lake has",
        ),
        ({"silver/customers": 0}, "silver/customers, which the lake does not have"),
    ],
)
def test_a_lake_with_older_or_missing_tables_did_not_train_the_model(
    versions: dict[str, int], problem: str
) -> None:
    found, reason = provenance_of(replace(TRAINED, versions=versions), LAKE)
    assert found is Provenance.IMPOSSIBLE
    assert problem in reason


def test_the_lake_is_unknown_without_records() -> None:
    assert provenance_of(replace(TRAINED, root=None, versions={}), LAKE)[0] is Provenance.UNKNOWN


def test_without_a_run_the_versions_decide() -> None:
    assert provenance_of(replace(TRAINED, root=None), LAKE)[0] is Provenance.THIS
