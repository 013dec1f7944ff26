"""The audit of registered models: differences from the ledger, and what can't be checked."""

from collections.abc import Collection, Iterator, Sequence

from goldrun.registry.audit_ledger import ledger_findings
from goldrun.registry.audit_versions import version_findings
from goldrun.registry.findings import Condition, Finding, ModelRecord, Severity
from goldrun.registry.history import open_intent
from goldrun.registry.owner import foreign
from goldrun.registry.standing import Standing, recorded_champion


def findings_of(record: ModelRecord, trusted: Collection[str]) -> list[Finding]:
    """Check one model: its ledger, the versions that were champion, and the alias.

    Args:
        record: What was read of the model.
        trusted: Public keys that are trusted, as ``signatures.hex_of`` returns them.

    Returns:
        The findings, broken ones first; empty if all checks were made and nothing was found.
    """
    found = [*ledger_findings(record, trusted), *version_findings(record), *_alias(record)]
    return sorted(found, key=lambda one: one.severity is not Severity.BROKEN)


def condition_of(record: ModelRecord, findings: Sequence[Finding]) -> Condition:
    """Return the condition of a model from its findings."""
    severities = {finding.severity for finding in findings}
    if Severity.BROKEN in severities:
        return Condition.BROKEN
    if severities:
        return Condition.UNKNOWN
    return Condition.INTACT if record.entries else Condition.EMPTY


def unknown_hashes(records: Sequence[ModelRecord], hashes: Sequence[str]) -> list[Finding]:
    """Find hashes of entries that an earlier audit has shown, and no ledger has any more.

    Someone who can write the lake and the store can compute a whole ledger anew. The hashes of its
    entries are then others than those that an auditor has kept.
    """
    known = {entry.hash for record in records for entry in record.entries}
    names = ", ".join(record.model for record in records)
    return [
        Finding(names, "earlier audit", f"no entry has the hash {one}", "the entry is there still")
        for one in hashes
        if one not in known
    ]


def _alias(record: ModelRecord) -> Iterator[Finding]:
    """Yield how the alias contradicts the ledger, and why its version is not the owner's."""
    recorded = recorded_champion(record.entries)
    exists = recorded is None or recorded in record.numbers
    problem = Standing(record.alias, recorded, exists, record.promoted).problem()
    expected = "no champion" if recorded is None else f"version {recorded} has the alias champion"
    if problem and not _is_moving(record):
        yield Finding(record.model, "alias", problem, expected, version=record.alias)
    stored = record.versions.get(record.alias) if record.alias is not None else None
    if stored is not None and (reason := foreign(record.owner, stored.tags)):
        expected = f"a version of source {record.owner.source} and this lake"
        yield Finding(record.model, "owner", reason, expected, version=record.alias)


def _is_moving(record: ModelRecord) -> bool:
    """Whether an intent is open, which explains an alias that has moved already."""
    intent = open_intent(record.entries)
    return intent is not None and record.alias == intent.to_version
