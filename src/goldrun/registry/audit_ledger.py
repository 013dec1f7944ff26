"""Checks of a ledger: its rows, chain, newest entry, signatures, times and order of decisions."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from goldrun.registry.findings import Finding, ModelRecord, Severity
from goldrun.registry.ledger import Action, Entry, State, located_breaks
from goldrun.registry.signatures import doubts_of

_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""


def ledger_findings(record: ModelRecord, trusted: Collection[str]) -> list[Finding]:
    """Check the ledger of a model, without what the store has of its versions.

    Args:
        record: What was read of the model.
        trusted: Public keys that are trusted, as ``signatures.hex_of`` returns them.
    """
    return [
        *_rows(record),
        *_chain(record),
        *_head(record),
        *_signatures(record, trusted),
        *_times(record),
        *_steps(record),
        *_passed(record),
    ]


def _rows(record: ModelRecord) -> Iterator[Finding]:
    for reason in record.unreadable:
        yield Finding(
            record.model, "rows", f"a row is not a valid entry: {reason}", "valid entries only"
        )


def _chain(record: ModelRecord) -> Iterator[Finding]:
    for one in located_breaks(record.entries):
        yield Finding(record.model, "chain", one.found, one.expected, entry=one.number)


def _head(record: ModelRecord) -> Iterator[Finding]:
    """Compare the newest entry with the registry's tag: the lake can't be replaced alone."""
    newest = record.entries[-1] if record.entries else None
    named = record.head.split()
    if newest is None:
        yield from _without_entries(record, named)
    elif newest.hash in named:
        if newest.hash != named[-1]:
            yield _stopped(record, f"entry {newest.number} is the newest", named[-1])
    else:
        found, entry = _other_head(record, named)
        expected = f"the hash of entry {newest.number}, {newest.hash}"
        yield Finding(record.model, "newest entry", found, expected, entry=entry)


def _without_entries(record: ModelRecord, named: Sequence[str]) -> Iterator[Finding]:
    ledger = "the ledger has no entry" if record.has_ledger else "the lake has no ledger"
    if named and named[0] == "-":
        yield _stopped(record, ledger, named[-1])
    elif named:
        expected = f"the entry {named[-1]}, which the registered model's tag names"
        yield Finding(record.model, "newest entry", ledger, expected)
    elif record.numbers and record.alias is None and not record.promoted:
        many = f"versions {', '.join(map(str, record.numbers))} are registered, and {ledger}"
        expected = "an entry for the decision on each version"
        yield Finding(record.model, "newest entry", many, expected, Severity.UNKNOWN)


def _stopped(record: ModelRecord, newest: str, next_hash: str) -> Finding:
    found = f"{newest}, and {next_hash} was being appended: it was interrupted, or is in progress"
    expected = "no entry that is being appended; the next decision completes it"
    return Finding(record.model, "newest entry", found, expected, Severity.UNKNOWN)


def _other_head(record: ModelRecord, named: Sequence[str]) -> tuple[str, int | None]:
    """Describe a tag that does not name the newest entry."""
    if not record.is_registered:
        return "the registry has no such model", None
    if not named:
        return "the registered model has no tag with the newest entry", None
    known = [entry.number for entry in record.entries if entry.hash in named]
    if not known:
        cut = f"the tag names {named[-1]}, which the ledger does not have: entries were removed"
        return cut, None
    later = f"the tag names entry {known[-1]}: those after it were appended by another writer"
    return later, known[-1] + 1


def _signatures(record: ModelRecord, trusted: Collection[str]) -> Iterator[Finding]:
    for doubt in doubts_of(record.entries, trusted):
        severity = Severity.BROKEN if doubt.is_broken else Severity.UNKNOWN
        expected = "the signature of a trusted key" if trusted else "public keys to check it with"
        yield Finding(
            record.model, "signature", doubt.found, expected, severity, entry=doubt.number
        )


def _times(record: ModelRecord) -> Iterator[Finding]:
    for before, entry in pairwise(record.entries):
        if entry.recorded_at < before.recorded_at:
            expected = f"a time after that of entry {before.number}, {text_of(before.recorded_at)}"
            yield _time(record, entry, expected)
    for entry in record.entries:
        if entry.recorded_at > record.read_at + _CLOCKS_DIFFER:
            yield _time(record, entry, f"a time before this audit, {text_of(record.read_at)}")


def _time(record: ModelRecord, entry: Entry, expected: str) -> Finding:
    found = f"it was recorded at {text_of(entry.recorded_at)}"
    return Finding(record.model, "time", found, expected, entry=entry.number)


def text_of(time: datetime) -> str:
    """Return a time in UTC to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _steps(record: ModelRecord) -> Iterator[Finding]:
    """Check that each intent is followed by its end, and each end follows its intent."""
    for before, entry in pairwise([None, *record.entries, None]):
        if before is not None and _is_intent(before) and not _ends(before, entry):
            yield _without_end(record, before, is_open=entry is None)
        if entry is not None and _is_end(entry) and not _ends(before, entry):
            found = f"version {entry.to_version} is {entry.state} without an intent before it"
            yield _decision(record, entry, found, "its intent just before it")


def _without_end(record: ModelRecord, intent: Entry, *, is_open: bool) -> Finding:
    found = f"the intent to make version {intent.to_version} champion has no end"
    expected = "done or abandoned" + ("; the next command finishes it" if is_open else "")
    severity = Severity.UNKNOWN if is_open else Severity.BROKEN
    return _decision(record, intent, found, expected, severity)


def _decision(
    record: ModelRecord,
    entry: Entry,
    found: str,
    expected: str,
    severity: Severity = Severity.BROKEN,
) -> Finding:
    place = {"entry": entry.number, "version": entry.to_version}
    return Finding(record.model, "decision", found, expected, severity, **place)


def _is_intent(entry: Entry) -> bool:
    return entry.state == State.INTENDED


def _is_end(entry: Entry) -> bool:
    return entry.state in {State.DONE, State.ABANDONED}


def _ends(intent: Entry | None, end: Entry | None) -> bool:
    """Whether an entry is the end of the intent before it."""
    if intent is None or end is None or not (_is_intent(intent) and _is_end(end)):
        return False
    return (intent.action, intent.to_version) == (end.action, end.to_version)


def _passed(record: ModelRecord) -> Iterator[Finding]:
    """Check that what the gate did not pass is recorded as forced."""
    for entry in record.entries:
        if entry.state == State.DONE and not entry.forced and not _may_be_unforced(entry):
            found = f"its verdict is {entry.verdict}, and it was not forced"
            yield _decision(record, entry, found, "pass, or forced with a reason")


def _may_be_unforced(entry: Entry) -> bool:
    return entry.action == Action.ROLLBACK or (entry.verdict == "pass" and not entry.reasons)
