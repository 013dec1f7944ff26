"""On which lake an older version was trained, from what its training run has recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Fit(StrEnum):
    """Whether a version can have been trained on a lake."""

    THIS = "this lake"
    OTHER = "another lake"
    UNKNOWN = "unknown"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class LakeState:
    """What a lake is now.

    Attributes:
        roots: Its folder or URI, and the one that it had before it was moved.
        created_at: When its ``bronze/transactions`` was created, UTC; None where unknown.
        versions: Newest Delta version of each of its tables.
    """

    roots: frozenset[str]
    created_at: datetime | None
    versions: Mapping[str, int]


@dataclass(frozen=True)
class Trained:
    """What is recorded of a version.

    Attributes:
        root: Folder or URI of the lake that its training frame was read from; None where the run
            does not say.
        at: When the version was registered, UTC.
        versions: Delta version of every table behind it.
    """

    root: str | None
    at: datetime
    versions: Mapping[str, int]


def fit(trained: Trained, lake: LakeState) -> tuple[Fit, str]:
    """Decide whether a version was trained on a lake, and say why not.

    Args:
        trained: What is recorded of the version.
        lake: The lake as it is.

    Returns:
        ``UNKNOWN`` where nothing is recorded, ``IMPOSSIBLE`` where the folder is the lake's and its
        tables are not; and the reason, empty for ``THIS``.
    """
    if trained.root is None and not trained.versions:
        return Fit.UNKNOWN, "nothing says on which lake it was trained"
    if trained.root is not None and trained.root not in lake.roots:
        return Fit.OTHER, f"it was trained on {trained.root}"
    if lake.created_at is not None and trained.at < lake.created_at:
        return Fit.OTHER, (
            f"it was registered at {trained.at:%Y-%m-%d %H:%M:%S} UTC, before this lake was "
            f"created at {lake.created_at:%Y-%m-%d %H:%M:%S} UTC"
        )
    for table, version in sorted(trained.versions.items()):
        now = lake.versions.get(table)
        if now is None:
            return Fit.IMPOSSIBLE, f"it was trained on {table}, which the lake does not have"
        if version > now:
            return Fit.IMPOSSIBLE, (
                f"it was trained on version {version} of {table}, and the lake has version {now}"
            )
    return Fit.THIS, ""
