"""The lake that an older version was trained on, from what its training run recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlparse

from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES


class Provenance(StrEnum):
    """Whether a version was trained on a lake."""

    THIS = "this lake"
    OTHER = "another lake"
    UNKNOWN = "unknown"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class LakeState:
    """The current state of a lake.

    Attributes:
        roots: Its folder or URI, and the one that it had before it was moved.
        created_at: When its ``bronze/transactions`` was created, UTC; None if unknown.
        versions: Newest Delta version of each of its tables.
    """

    roots: frozenset[str]
    created_at: datetime | None
    versions: Mapping[str, int]


@dataclass(frozen=True)
class TrainingRecord:
    """The store's record of the training of a version.

    Attributes:
        root: Folder or URI of the lake that the training frame was read from; None if the run
            does not record it.
        at: When the version was registered, UTC.
        versions: Delta version of every table that it was trained from.
    """

    root: str | None
    at: datetime
    versions: Mapping[str, int]


def provenance_of(record: TrainingRecord, lake: LakeState) -> tuple[Provenance, str]:
    """Decide whether a version was trained on a lake.

    Args:
        record: The record of the version's training.
        lake: The lake's current state.

    Returns:
        The provenance, and the reason, which is empty for ``THIS``. ``UNKNOWN`` if nothing is
        recorded; ``IMPOSSIBLE`` if the folder is the lake's and the table versions are not.
    """
    if record.root is None and not record.versions:
        return Provenance.UNKNOWN, "its run does not record on which lake it was trained"
    if record.root is not None and record.root not in lake.roots:
        return Provenance.OTHER, f"it was trained on {record.root}"
    if lake.created_at is not None and record.at < lake.created_at:
        return Provenance.OTHER, (
            f"it was registered at {record.at:%Y-%m-%d %H:%M:%S} UTC, before this lake was "
            f"created at {lake.created_at:%Y-%m-%d %H:%M:%S} UTC"
        )
    contradiction = _contradiction(record.versions, lake.versions)
    return (Provenance.IMPOSSIBLE, contradiction) if contradiction else (Provenance.THIS, "")


def _contradiction(trained: Mapping[str, int], current: Mapping[str, int]) -> str:
    """Return how the first table contradicts a version's record; empty if none does."""
    for table, version in sorted(trained.items()):
        now = current.get(table)
        if now is None:
            return f"it was trained on {table}, which the lake does not have"
        if version > now:
            return f"it was trained on version {version} of {table}, and the lake has version {now}"
    return ""


def lake_root_of(training_table: str | None) -> str | None:
    """Return the root of the lake from the path of its ``gold/customer_features``."""
    return training_table and training_table.removesuffix(f"/{CUSTOMER_FEATURES.name}")


def normalise_root(root: str) -> str:
    """Return a folder as an absolute path, and a URI unchanged, as a lake's root is written."""
    return root if urlparse(root).scheme else str(Path(root).absolute())
