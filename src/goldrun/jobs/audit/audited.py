"""What an audit has read and found, for the console and the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from goldrun.registry.audit import condition_of
from goldrun.registry.findings import Condition, Finding, ModelRecord
from goldrun.registry.history import champion_by
from goldrun.registry.ledger import Action, Entry

_BY_SEVERITY = (Condition.BROKEN, Condition.UNKNOWN, Condition.INTACT, Condition.EMPTY)


@dataclass(frozen=True)
class AuditedModel:
    """One model with its findings.

    Attributes:
        record: What was read of it.
        findings: What was found.
    """

    record: ModelRecord
    findings: Sequence[Finding]

    @property
    def condition(self) -> Condition:
        """Return the condition of the model."""
        return condition_of(self.record, self.findings)

    @property
    def champion(self) -> Entry | None:
        """Return the entry that made the current champion by the ledger; None without one."""
        return champion_by(self.record.entries)


@dataclass(frozen=True)
class Audited:
    """A whole audit.

    Attributes:
        source: Name of the source.
        lake: Root of the lake.
        store: URI of the store, without a password.
        models: The models.
        others: Findings that are about no single model.
        trusted: Public keys that are trusted.
        at: Time at which the champion is reported, UTC; None if it is not.
        read_at: When it was made, UTC.
    """

    source: str
    lake: str
    store: str
    models: Sequence[AuditedModel]
    others: Sequence[Finding]
    trusted: Sequence[str]
    at: datetime | None
    read_at: datetime

    @property
    def findings(self) -> list[Finding]:
        """Return all findings."""
        return [*self.others, *(one for model in self.models for one in model.findings)]

    @property
    def condition(self) -> Condition:
        """Return the worst condition."""
        found = {model.condition for model in self.models}
        if self.others:
            found.add(Condition.BROKEN)
        return next((one for one in _BY_SEVERITY if one in found), Condition.EMPTY)


def decision_of(entry: Entry) -> str:
    """Return how an entry made, or did not make, a version champion, in words."""
    done = {
        Action.PROMOTION.value: "promoted by the gate",
        Action.ROLLBACK.value: "rolled back",
        Action.ADOPTION.value: "adopted without the gate",
    }
    forced = entry.forced and entry.action == Action.PROMOTION
    return "promoted by force" if forced else done.get(entry.action, entry.action)


def who_of(entry: Entry) -> str:
    """Return user and machine of an entry."""
    return f"{entry.user_name} on {entry.host}"
