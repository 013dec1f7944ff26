"""A version belongs to the source and the lake in its tags."""

import pytest

from goldrun.registry.owner import LAKE_TAG, SOURCE_TAG, Owner, foreign, has_owner

SHOP = Owner("north", "lake-1", "/data/north-lake")


def test_a_version_with_the_owners_tags_belongs_to_the_owner() -> None:
    assert foreign(SHOP, SHOP.tags()) is None
    assert foreign(SHOP, {**SHOP.tags(), "more": "tags"}) is None


@pytest.mark.parametrize(
    "tags",
    [{}, {SOURCE_TAG: "north"}, {LAKE_TAG: "lake-1"}, {SOURCE_TAG: "", LAKE_TAG: ""}],
)
def test_a_version_without_both_tags_has_no_owner(tags: dict[str, str]) -> None:
    assert not has_owner(tags)
    assert "do not name" in str(foreign(SHOP, tags))


def test_a_version_of_another_source_is_refused_by_its_name() -> None:
    other = Owner("south", "lake-1", "/data/south-lake")
    assert "belongs to source 'south'" in str(foreign(SHOP, other.tags()))


def test_a_version_of_another_lake_is_refused_by_both_ids() -> None:
    whose = str(foreign(SHOP, Owner("north", "lake-2", "/missing").tags()))
    assert "lake-2" in whose
    assert "/data/north-lake has id lake-1" in whose


def test_every_version_is_foreign_to_a_lake_without_tables() -> None:
    fresh = Owner("north", None, "/data/north-lake")
    assert "has no tables yet" in str(foreign(fresh, SHOP.tags()))
    assert foreign(fresh, fresh.tags()) is not None
