"""What an audit has found, as lines for the console."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from goldrun.jobs.audit.audited import Audited, AuditedModel, decision_of, who_of
from goldrun.jobs.audit.evidence_section import intervals, number
from goldrun.registry.audit_ledger import text_of
from goldrun.registry.audit_versions import evidence_of
from goldrun.registry.findings import Condition, Finding, Severity
from goldrun.registry.history import champion_by


def lines_of(audited: Audited) -> Iterator[str]:
    """Yield the lines: each model with its findings, then the answer to ``--at``."""
    yield f"Audit of {audited.source}, {text_of(audited.read_at)}"
    yield f"  lake {audited.lake}, store {audited.store}"
    for model in audited.models:
        yield f"  {_model(model)}"
        yield from (f"    {finding}" for finding in model.findings)
    yield from (f"  {finding}" for finding in audited.others)
    for answer in answers(audited):
        yield from answer


def _model(model: AuditedModel) -> str:
    record, entry = model.record, model.champion
    if record.is_empty:
        return f"{record.model}: neither ledger nor store has anything of it"
    champion = "no champion"
    if entry is not None:
        since = text_of(entry.recorded_at)
        champion = f"champion version {entry.to_version} since {since} ({decision_of(entry)})"
    newest = f", the newest {record.entries[-1].hash}" if record.entries else ""
    return f"{record.model}: {model.condition}: {champion}; {len(record.entries)} entries{newest}"


def counted(findings: Sequence[Finding]) -> str:
    """Return the number of findings by severity as a sentence; empty for none."""
    if not findings:
        return ""
    broken = sum(one.severity is Severity.BROKEN for one in findings)
    what = "finding" if len(findings) == 1 else "findings"
    return f"{len(findings)} {what}: {broken} broken, {len(findings) - broken} unknown."


def answers(audited: Audited) -> Iterator[list[str]]:
    """Yield for each model which version was champion at the time of ``--at``, on what evidence."""
    if audited.at is not None:
        for model in audited.models:
            if not model.record.is_empty:
                yield _answer(model, audited.at)


def _answer(model: AuditedModel, at: datetime) -> list[str]:
    entry, name = champion_by(model.record.entries, at), model.record.model
    doubt = {
        Condition.BROKEN: " (the ledger is broken: see the findings)",
        Condition.UNKNOWN: " (not everything could be checked: see the findings)",
    }.get(model.condition, "")
    if entry is None:
        return [f"At {text_of(at)} {name} had no champion{doubt}"]
    said = [
        f"At {text_of(at)} the champion of {name} was version {entry.to_version}{doubt}",
        f"  since {text_of(entry.recorded_at)}, {decision_of(entry)} by {who_of(entry)}",
        f"  evidence SHA-256 {entry.evidence or 'none'}, training run {entry.training_run}",
    ]
    evidence = evidence_of(model.record, entry)
    if evidence is None:
        return [*said, "  its evidence is missing, has changed or is not valid"]
    metrics = [
        f"{metric} {number(shown)}"
        for metric, shown in intervals(evidence.metrics).items()
        if "." not in metric
    ]
    measured = f"data quality {evidence.quality}, feature drift {evidence.drift}"
    versions = ", ".join(f"{t} version {v}" for t, v in sorted(evidence.table_versions.items()))
    return [*said, f"  {measured}; {', '.join(metrics)}", f"  trained from {versions}"]
