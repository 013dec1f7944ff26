"""Whether the alias ``champion`` and the ledger name the same version."""

from collections.abc import Sequence
from dataclasses import dataclass

from goldrun.registry.history import champion_by
from goldrun.registry.ledger import Entry


@dataclass(frozen=True)
class Standing:
    """A model's champion by the registry and by the ledger.

    Attributes:
        alias: Version that has the alias ``champion``; None if none has.
        recorded: Version that is champion by the ledger; None if none is.
        recorded_exists: Whether that version is still in the registry.
        promoted: Whether any version's own tags say that it was promoted.
    """

    alias: int | None
    recorded: int | None
    recorded_exists: bool = True
    promoted: bool = False

    @property
    def is_first(self) -> bool:
        """Whether no version was ever champion."""
        return self.alias is None and self.recorded is None and not self.promoted

    @property
    def is_lost(self) -> bool:
        """Whether the champion's version was deleted, so that nothing can be scored with it."""
        return self.alias is None and self.recorded is not None and not self.recorded_exists

    def problem(self) -> str:
        """Return how alias and ledger disagree; empty if they agree."""
        if self.alias == self.recorded:
            gone = self.alias is None and self.promoted
            return "versions were promoted, and the ledger has no promotion" if gone else ""
        if self.recorded is None:
            return f"version {self.alias} has the alias champion, and the ledger has no promotion"
        by_ledger = f"by the ledger version {self.recorded} is champion"
        if not self.recorded_exists:
            by_ledger += ", which was deleted from the registry"
        if self.alias is None:
            return f"no version has the alias champion, and {by_ledger}"
        return f"version {self.alias} has the alias champion, and {by_ledger}"


def recorded_champion(entries: Sequence[Entry]) -> int | None:
    """Return the version that is champion by the ledger; None if none is."""
    found = champion_by(entries)
    return found.to_version if found else None
