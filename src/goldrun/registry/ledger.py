"""Entries of the ledger of promotions, chained by hash.

Each entry has the hash of the entry before it, so that a changed, removed or inserted entry breaks
the chain from there on. The hash is the SHA-256 of a JSON object of all values, with sorted keys.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

HEAD = "goldrun.ledger"
"""Tag of a registered model: hash of the newest entry, and of the one that is being appended."""


class Action(StrEnum):
    """What a decision is about."""

    PROMOTION = "promotion"
    ROLLBACK = "rollback"
    ADOPTION = "adoption"
    """A person declares the version that has the alias to be champion, without the gate."""


class State(StrEnum):
    """What became of a decision."""

    REFUSED = "refused"
    INTENDED = "intended"
    """The version is to become champion; the alias may not have moved yet."""
    DONE = "done"
    """The alias has moved."""
    ABANDONED = "abandoned"
    """The version did not become champion: it was deleted, or the alias moved by hand meanwhile."""


_UNHASHED = ("hash", "signature", "signed_by")


@dataclass(frozen=True)
class Entry:
    """One entry; the columns of ``ops/promotions`` describe its values.

    ``hash`` is empty until ``chained`` has computed it.
    """

    model: str
    number: int
    recorded_at: datetime
    action: str
    state: str
    from_version: int | None
    to_version: int
    training_run: str
    evidence: str | None
    checksum: str | None
    verdict: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    test_origin: str | None
    compared_with: int | None
    comparison: Mapping[str, float | None] = field(hash=False)
    forced: bool
    why: str | None
    user_name: str
    host: str
    run: str
    previous: str = ""
    hash: str = ""
    signature: str | None = None
    signed_by: str | None = None

    def computed_hash(self) -> str:
        """Return the SHA-256 of all values but the hash and the signature."""
        values = {k: v for k, v in asdict(self).items() if k not in _UNHASHED}
        values["recorded_at"] = self.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
        return hashlib.sha256(_json(values).encode()).hexdigest()

    def to_row(self) -> tuple[Any, ...]:
        """Return the values in the order of the columns of ``ops/promotions``."""
        as_json = {
            "reasons": _json(list(self.reasons)),
            "warnings": _json(list(self.warnings)),
            "comparison": _json(dict(self.comparison)),
        }
        return tuple(as_json.get(f.name, getattr(self, f.name)) for f in fields(self))

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Entry":
        """Read a row of ``ops/promotions``, with its time in UTC.

        Raises:
            ValueError: A value is not what ``to_row`` writes.
        """
        values = {f.name: row[f.name] for f in fields(cls)}
        for name in ("reasons", "warnings"):
            values[name] = tuple(json.loads(values[name]))
        values["comparison"] = dict(json.loads(values["comparison"]))
        return cls(**values)


def chained(entry: Entry, entries: Sequence[Entry]) -> Entry:
    """Return an entry with its number, the hash of the entry before it, and its own hash.

    Args:
        entry: A new entry.
        entries: The model's entries so far, in order.
    """
    number, previous = (entries[-1].number + 1, entries[-1].hash) if entries else (0, "")
    placed = replace(entry, number=number, previous=previous)
    return replace(placed, hash=placed.computed_hash())


@dataclass(frozen=True)
class Break:
    """An entry at which a chain is not as it was written.

    Attributes:
        number: The number that the entry has, or should have.
        found: What was found.
        expected: What should have been found.
    """

    number: int
    found: str
    expected: str


def breaks_of(entries: Sequence[Entry], since: int = 0) -> list[str]:
    """Describe each entry that is not as it was written; empty for an intact chain.

    Args:
        entries: All entries of a model, by number.
        since: Position of the first entry to check; if not 0, its link to the one before is not.
    """
    return [one.found for one in located_breaks(entries, since)]


def located_breaks(entries: Sequence[Entry], since: int = 0) -> list[Break]:
    """Return the same as ``breaks_of`` with numbers, and with what was expected."""
    found: list[Break] = []
    checked = entries[since:]
    for position, entry in enumerate(checked):
        before = checked[position - 1] if position else None
        number = before.number + 1 if before else (entry.number if since else 0)
        if entry.number != number:
            missing = f"entry {number} is missing, or another occurs twice"
            return [*found, Break(number, missing, f"entry {number} and no entry twice")]
        if entry.computed_hash() != entry.hash:
            changed = f"entry {number} has changed since it was written"
            found.append(Break(number, changed, f"values with the SHA-256 {entry.hash}"))
        elif (before or not since) and entry.previous != (before.hash if before else ""):
            other = f"the entry before entry {number} is not the one that it was appended to"
            found.append(Break(number, other, entry.previous or "no entry before it"))
    return found


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
