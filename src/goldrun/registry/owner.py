"""The owner of a registered version: a source and its lake."""

from collections.abc import Mapping
from dataclasses import dataclass

SOURCE_TAG = "goldrun.source"
LAKE_TAG = "goldrun.lake"


@dataclass(frozen=True)
class Owner:
    """A source and its lake.

    Attributes:
        source: Name of the source.
        lake: Delta id of ``bronze/transactions``; None before the lake has that table.
        root: Folder or URI of the lake, for messages.
    """

    source: str
    lake: str | None
    root: str

    def tags(self) -> dict[str, str]:
        """Render as tags of a run or of a registered version."""
        return {SOURCE_TAG: self.source, LAKE_TAG: self.lake or ""}


def has_owner(tags: Mapping[str, str]) -> bool:
    """Return whether tags name a source and a lake."""
    return bool(tags.get(SOURCE_TAG)) and bool(tags.get(LAKE_TAG))


def foreign(owner: Owner, tags: Mapping[str, str]) -> str | None:
    """Return why a registered version is not the owner's; None if it is.

    Args:
        owner: The source and the lake that use the version.
        tags: Tags of the version.
    """
    source, lake = tags.get(SOURCE_TAG), tags.get(LAKE_TAG)
    if not has_owner(tags):
        return "its tags do not name the source and the lake that it was trained on"
    if source != owner.source:
        return f"it belongs to source {source!r} (lake id {lake}), not to {owner.source!r}"
    if owner.lake is None:
        return f"it was trained on a lake with id {lake}, and {owner.root} has no tables yet"
    if lake != owner.lake:
        return f"it was trained on a lake with id {lake}, and {owner.root} has id {owner.lake}"
    return None


def may_be_of_lake(trained_on: str | None, root: str, *, exists: bool) -> bool:
    """Return whether an untagged version may have been trained on a lake that was moved since.

    Args:
        trained_on: Root of the lake that the version was trained on; None if not recorded.
        root: Root of the lake.
        exists: Whether there still is a lake, or any folder, at ``trained_on``.
    """
    return trained_on is None or trained_on == root or not exists
