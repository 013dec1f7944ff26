"""A version belongs to a source and a lake, and says so."""

import pytest

from goldrun.registry.owner import LAKE_TAG, SOURCE_TAG, Owner, foreign, has_owner

SHOP = Owner("north", "lake-1", "/data/north-lake")


def test_a_version_with_the_owners_tags_is_the_owners() -> None:
    assert foreign(SHOP, SHOP.tags()) is None
    assert foreign(SHOP, {**SHOP.tags(), "more": "tags"}) is None


@pytest.mark.parametrize(
    "tags",
    [{}, {SOURCE_TAG: "north"}, {LAKE_TAG: "lake-1"}, {SOURCE_TAG: "", LAKE_TAG: ""}],
)
def test_a_version_without_both_tags_is_nobodys(tags: dict[str, str]) -> None:
    assert not has_owner(tags)
    assert "do not name" in str(foreign(SHOP, tags))


def test_a_version_of_another_source_is_refused_by_its_name() -> None:
    other = Owner("south", "lake-1", "/data/south-lake")
    assert "belongs to source 'south'" in str(foreign(SHOP, other.tags()))


def test_a_version_of_another_lake_is_refused_by_both_ids() -> None:
    whose = str(foreign(SHOP, Owner("north", "lake-2", "/gone").tags()))
    assert "lake-2" in whose
    assert "/data/north-lake has id lake-1" in whose


def test_before_the_lake_has_tables_every_version_is_of_another() -> None:
    fresh = Owner("north", None, "/data/north-lake")
    assert "has no tables yet" in str(foreign(fresh, SHOP.tags()))
    assert foreign(fresh, fresh.tags()) is not None
