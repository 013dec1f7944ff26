"""What an audit reads of a model, and what it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from goldrun.registry.ledger import Entry
from goldrun.registry.owner import Owner


class Severity(StrEnum):
    """What a finding means."""

    BROKEN = "broken"
    """Something is not as it was written or decided."""
    UNKNOWN = "unknown"
    """It could not be checked."""


class Condition(StrEnum):
    """The condition of a ledger, as an audit finds it."""

    BROKEN = "broken"
    UNKNOWN = "unknown"
    INTACT = "intact"
    """All checks were made, and nothing was found."""
    EMPTY = "empty"
    """Nothing was decided, and there is nothing to check."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, or could not be checked.

    Attributes:
        model: Registered name.
        check: What was checked, such as ``chain`` or ``evidence``.
        found: What was found.
        expected: What should have been found.
        severity: Broken or unknown.
        entry: Number of the entry; None if it is about no single one.
        version: Number of the version; None if it is about none.
    """

    model: str
    check: str
    found: str
    expected: str
    severity: Severity = Severity.BROKEN
    entry: int | None = None
    version: int | None = None

    @property
    def place(self) -> str:
        """Return the entry and the version that it is about; empty for neither."""
        entry = "" if self.entry is None else f"entry {self.entry}"
        version = "" if self.version is None else f"version {self.version}"
        return ", ".join(part for part in (entry, version) if part)

    def __str__(self) -> str:
        """Return the finding in one line."""
        place = f" ({self.place})" if self.place else ""
        return (
            f"{self.severity.value}: {self.model}: {self.check}{place}: {self.found}; "
            f"expected: {self.expected}"
        )


@dataclass(frozen=True)
class StoredVersion:
    """What the store has of a version that was champion.

    Attributes:
        exists: Whether the registry has the version.
        run_id: Training run of the version; empty if it does not exist.
        tags: Tags of the version.
        evidence: Text of ``evidence.json`` of the training run in the ledger; None if missing.
        files: SHA-256 of each file of the model; None if the model's files are missing.
        contradictions: Where its runs contradict the evidence.
    """

    exists: bool
    run_id: str
    tags: Mapping[str, str]
    evidence: str | None
    files: Mapping[str, str] | None
    contradictions: Sequence[str] = ()


@dataclass(frozen=True)
class ModelRecord:
    """All that an audit reads of one registered model.

    Attributes:
        model: Registered name.
        owner: The source and the lake that are audited.
        has_ledger: Whether the lake has a ledger.
        entries: The model's entries, by number, as they are.
        unreadable: Why a row of the ledger is no entry, one text a row.
        is_registered: Whether the registry has the model.
        head: Tag with the hash of the newest entry; empty if there is none.
        alias: Version that has the alias ``champion``; None if none has.
        numbers: Versions that the registry has.
        promoted: Whether any version's own tags say that it was promoted.
        versions: What the store has of each version that was champion, or has the alias.
        read_at: When this was read, UTC.
    """

    model: str
    owner: Owner
    has_ledger: bool
    entries: Sequence[Entry]
    unreadable: Sequence[str]
    is_registered: bool
    head: str
    alias: int | None
    numbers: Sequence[int]
    promoted: bool
    versions: Mapping[int, StoredVersion]
    read_at: datetime

    @property
    def is_empty(self) -> bool:
        """Whether neither the ledger nor the registry has anything of the model."""
        return not (self.entries or self.unreadable or self.is_registered or self.head)
