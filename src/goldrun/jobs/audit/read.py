"""What the lake's ledger and the store have of each model, read without changing anything."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from goldrun.contracts.promotions import MODEL, PROMOTIONS
from goldrun.errors import MissingArtifactError
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.models import stored_checksums
from goldrun.io.tracking.runs import CHAMPION, Champion
from goldrun.io.tracking.versions import Version, versions_of, was_promoted
from goldrun.jobs.context import Context, log
from goldrun.jobs.promote.champions import owner_of
from goldrun.jobs.promote.stored_evidence import contradicted_by_runs
from goldrun.learning.models import MODELS
from goldrun.registry.evidence import FILE, Evidence
from goldrun.registry.findings import ModelRecord, StoredVersion
from goldrun.registry.history import was_champion
from goldrun.registry.ledger import HEAD, Entry, State
from goldrun.registry.owner import foreign


def read_records(ctx: Context, model: str = "") -> list[ModelRecord]:
    """Read one model, or all models of the source.

    Args:
        ctx: The context.
        model: Name of the model, such as ``churn``; all when empty: those of goldrun, those in the
            lake's ledger, and each champion in the store whose tags name this source and lake.

    Raises:
        TrackingError: The store does not answer.
    """
    names = [ctx.source.registered_name(model)] if model else _names(ctx)
    return [_record(ctx, name) for name in names]


def _names(ctx: Context) -> list[str]:
    known = [ctx.source.registered_name(model) for model in MODELS]
    others = sorted({*_in_ledger(ctx), *_in_store(ctx)} - set(known))
    return [*known, *others]


def _in_ledger(ctx: Context) -> set[str]:
    if not ctx.lake.exists(PROMOTIONS.name):
        return set()
    rows = ctx.lake.read(PROMOTIONS.name).select(MODEL).distinct().collect()
    return {str(row[MODEL]) for row in rows}


def _in_store(ctx: Context) -> Iterator[str]:
    owner = owner_of(ctx)
    for name in registered_models.all_names(ctx.tracker.client):
        champion = ctx.tracker.champion(name)
        if champion is not None and foreign(owner, champion.tags) is None:
            yield name


def _record(ctx: Context, name: str) -> ModelRecord:
    entries, unreadable = _entries(ctx, name)
    client = ctx.tracker.client
    model = registered_models.model_of(client, name)
    registered = {one.number: one for one in versions_of(client, name) or []}
    alias = model.aliases.get(CHAMPION) if model else None
    used = {entry.to_version for entry in entries if entry.state == State.DONE}
    versions = {
        number: _version(ctx, name, number, registered.get(number), entries)
        for number in sorted(used | ({alias} if alias is not None else set()))
    }
    log.info("    %s: %s entries, %s versions", name, len(entries), len(versions))
    return ModelRecord(
        model=name,
        owner=owner_of(ctx),
        has_ledger=ctx.lake.exists(PROMOTIONS.name),
        entries=entries,
        unreadable=unreadable,
        is_registered=model is not None,
        head=model.tags.get(HEAD, "") if model else "",
        alias=alias,
        numbers=sorted(registered),
        promoted=was_promoted(client, name),
        versions=versions,
        read_at=ctx.now,
    )


def _entries(ctx: Context, name: str) -> tuple[list[Entry], list[str]]:
    """Return the entries by number, and why other rows are none."""
    entries: list[Entry] = []
    unreadable: list[str] = []
    for row in ctx.lake.rows_where(PROMOTIONS, MODEL, name):
        try:
            entries.append(_entry(row))
        except (TypeError, ValueError) as error:
            unreadable.append(f"number {row.get('number')}: {error}")
    return sorted(entries, key=lambda entry: entry.number), unreadable


def _entry(row: Mapping[str, Any]) -> Entry:
    """Read a row; ValueError if a value is missing that every entry has."""
    missing = [c.name for c in PROMOTIONS.columns if c.required and row.get(c.name) is None]
    if missing:
        raise ValueError(f"no value of {', '.join(missing)}")
    return Entry.from_row(row)


def _version(
    ctx: Context, name: str, number: int, found: Version | None, entries: Sequence[Entry]
) -> StoredVersion:
    entry = was_champion(entries, number)
    run_id = entry.training_run if entry else found.run_id if found else ""
    text = _evidence_text(ctx, run_id)
    evidence = _parsed(text)
    version = Champion(name, number, found.run_id, found.tags) if found else None
    return StoredVersion(
        exists=found is not None,
        run_id=found.run_id if found else "",
        tags=found.tags if found else {},
        evidence=text,
        files=_files(version, evidence) if version else None,
        contradictions=contradicted_by_runs(ctx, evidence) if evidence else (),
    )


def _evidence_text(ctx: Context, run_id: str) -> str | None:
    try:
        return ctx.tracker.read_artifact(run_id, FILE)
    # The store answers, and does not have it: a finding.
    except MissingArtifactError:
        return None


def _parsed(text: str | None) -> Evidence | None:
    """Return evidence; None if there is none or it is not valid, which the audit reports."""
    try:
        return Evidence.from_json(text) if text is not None else None
    except ValueError:
        return None


def _files(version: Champion, evidence: Evidence | None) -> dict[str, str] | None:
    try:
        return stored_checksums(version, list(evidence.files) if evidence else [])
    except MissingArtifactError:
        return None
