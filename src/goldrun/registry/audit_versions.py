"""Checks of the versions that were champion: their evidence, tags, runs and files."""

from collections.abc import Iterator

from goldrun.contracts.file_checksums import CHECKSUM_TAG, differences, total
from goldrun.registry.consistency import contradictions, unbound
from goldrun.registry.evidence import HASH_TAG, Evidence, hash_of
from goldrun.registry.findings import Finding, ModelRecord, Severity, StoredVersion
from goldrun.registry.history import champion_by
from goldrun.registry.ledger import Action, Entry, State

_MISSING = StoredVersion(exists=False, run_id="", tags={}, evidence=None, files=None)


def version_findings(record: ModelRecord) -> list[Finding]:
    """Check what the store has of each version that was champion against the ledger's entry."""
    return [finding for entry in _promoting(record) for finding in _Check(record, entry).all()]


def _promoting(record: ModelRecord) -> list[Entry]:
    """Return the first of the entries that made the same version champion on the same evidence."""
    found: dict[tuple[object, ...], Entry] = {}
    for entry in record.entries:
        if entry.state == State.DONE:
            same = (entry.to_version, entry.evidence, entry.checksum, entry.training_run)
            found.setdefault(same, entry)
    return list(found.values())


def evidence_of(record: ModelRecord, entry: Entry) -> Evidence | None:
    """Return the evidence of an entry; None if it is not as the entry has it, or not valid."""
    stored = record.versions.get(entry.to_version)
    text = stored.evidence if stored else None
    if text is None or hash_of(text) != entry.evidence:
        return None
    try:
        return Evidence.from_json(text)
    except ValueError:
        return None


class _Check:
    """The checks of one entry's version."""

    def __init__(self, record: ModelRecord, entry: Entry) -> None:
        self._record, self._entry = record, entry
        self._stored = record.versions.get(entry.to_version, _MISSING)

    def all(self) -> Iterator[Finding]:
        """Yield the findings."""
        if self._stored.exists:
            yield from self._as_recorded()
            yield from self._files()
        else:
            yield self._deleted()
        yield from self._evidence()

    def _finding(
        self, check: str, found: str, expected: str, severity: Severity = Severity.BROKEN
    ) -> Finding:
        entry = self._entry
        return Finding(
            *(self._record.model, check, found, expected, severity),
            entry=entry.number,
            version=entry.to_version,
        )

    def _deleted(self) -> Finding:
        current = champion_by(self._record.entries)
        is_champion = current is not None and current.to_version == self._entry.to_version
        severity = Severity.BROKEN if is_champion else Severity.UNKNOWN
        found, expected = "the registry does not have it", "the version that was promoted"
        return self._finding("version", found, expected, severity)

    def _as_recorded(self) -> Iterator[Finding]:
        stored, entry = self._stored, self._entry
        recorded = (
            ("training run", stored.run_id, entry.training_run),
            (f"tag {HASH_TAG}", stored.tags.get(HASH_TAG), entry.evidence),
            (f"tag {CHECKSUM_TAG}", stored.tags.get(CHECKSUM_TAG), entry.checksum),
        )
        for what, found, expected in recorded:
            # What was adopted without valid evidence may have a tag of an invalid one.
            if expected is not None and found != expected:
                yield self._finding("version", f"its {what} is {found or 'missing'}", expected)

    def _evidence(self) -> Iterator[Finding]:
        entry, text = self._entry, self._stored.evidence
        if entry.evidence is None:
            found = "it became champion without evidence"
            expected = "evidence.json of its training run"
            yield self._finding("evidence", found, expected, Severity.UNKNOWN)
        elif text is None:
            expected = f"SHA-256 {entry.evidence}"
            found = f"evidence.json of run {entry.training_run} is missing"
            yield self._finding("evidence", found, expected)
        elif hash_of(text) != entry.evidence:
            found = f"evidence.json has changed: SHA-256 {hash_of(text)}"
            yield self._finding("evidence", found, f"SHA-256 {entry.evidence}")
        else:
            yield from self._content(text)

    def _content(self, text: str) -> Iterator[Finding]:
        try:
            evidence = Evidence.from_json(text)
        except ValueError as error:
            # Its hash fits: an older or newer goldrun has written it so.
            found = f"evidence.json does not fit the schema: {error}"
            yield self._finding("evidence", found, "the schema", Severity.UNKNOWN)
            return
        yield from self._binding(evidence)
        entry = self._entry
        if entry.action == Action.PROMOTION and not entry.forced:
            for problem in contradictions(evidence):
                yield self._finding("evidence", problem, "evidence without contradictions")
        for problem in self._stored.contradictions:
            yield self._finding("runs", problem, "runs as the evidence describes them")

    def _binding(self, evidence: Evidence) -> Iterator[Finding]:
        entry, owner = self._entry, self._record.owner
        for problem in unbound(evidence, entry.model, entry.to_version, entry.checksum):
            yield self._finding("evidence", problem, "evidence of this version")
        if (evidence.source, evidence.lake) != (owner.source, owner.lake):
            found = f"it is of source {evidence.source} and lake {evidence.lake}"
            expected = f"source {owner.source} and lake {owner.lake}"
            yield self._finding("evidence", found, expected)

    def _files(self) -> Iterator[Finding]:
        entry, files = self._entry, self._stored.files
        expected = f"checksum {entry.checksum}"
        if entry.checksum is None:
            found = "no checksum of its files was recorded"
            yield self._finding("files", found, "a checksum", Severity.UNKNOWN)
        elif not files:
            yield self._finding("files", "the model's files are missing", expected)
        elif total(files) != entry.checksum:
            evidence = evidence_of(self._record, entry)
            recorded = evidence.files if evidence else {}
            named = differences(recorded, files) if total(recorded) == entry.checksum else []
            found = "; ".join(named) or f"the files have the checksum {total(files)}"
            yield self._finding("files", found, expected)
