"""The evidence of a registered version as the store has it, checked against version and runs."""

from collections.abc import Mapping

from goldrun.contracts.file_checksums import CHECKSUM_TAG
from goldrun.errors import EvidenceError, MissingArtifactError
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.context import Context
from goldrun.registry.consistency import unbound
from goldrun.registry.evidence import FILE, HASH_TAG, Evidence, hash_of

VERDICT = "goldrun.verdict"
"""Tag of the runs that measure data quality and feature drift."""


def version_named(ctx: Context, name: str, number: int) -> Champion | None:
    """Return a registered version; None if it does not exist."""
    found = registered_models.version_of(ctx.tracker.client, name, number)
    return Champion(name, number, str(found.run_id), dict(found.tags)) if found else None


def read_evidence(ctx: Context, version: Champion, recorded: str | None = None) -> Evidence:
    """Read the evidence of a version, and check that it is this version's and as it was written.

    Args:
        ctx: The context.
        version: The version.
        recorded: SHA-256 of its evidence in the ledger; its tag counts when None.

    Raises:
        EvidenceError: The evidence is missing, has changed, or is of another version.
        TrackingError: The store does not answer.
    """
    what = f"model {version.name} version {version.version}"
    expected = recorded or version.tags.get(HASH_TAG)
    if expected is None:
        raise EvidenceError(
            f"{what} has no evidence (no tag {HASH_TAG}): its training was stopped, or an older "
            "goldrun registered it; train again"
        )
    try:
        text = ctx.tracker.read_artifact(version.run_id, FILE)
    except MissingArtifactError as error:
        raise EvidenceError(f"{what} has no evidence: {error}") from error
    if hash_of(text) != expected:
        raise EvidenceError(
            f"{what}: {FILE} of run {version.run_id} has changed since it was written"
        )
    try:
        evidence = Evidence.from_json(text)
    except ValueError as error:
        raise EvidenceError(f"{what}: {FILE} is not valid: {error}") from error
    if problems := unbound(evidence, version.name, version.version, version.tags.get(CHECKSUM_TAG)):
        raise EvidenceError(f"{what}: {'; '.join(problems)}")
    return evidence


def contradicted_by_runs(ctx: Context, evidence: Evidence) -> list[str]:
    """Return where the runs of a version contradict its evidence.

    The training run must exist with the metrics of the evidence, and so must, as its children, the
    runs of data quality and feature drift with their verdicts.
    """
    found = []
    training = registered_models.run_of(ctx.tracker.client, evidence.run_id)
    if training is None:
        return [f"its training run {evidence.run_id} was deleted, or never existed"]
    finite = {name: value for name, value in evidence.metrics.items() if value is not None}
    if changed := sorted(k for k, v in finite.items() if training.metrics.get(k) != v):
        found.append(f"the training run has another {', '.join(changed[:3])} than the evidence")
    measured = (
        ("data quality", evidence.quality_run_id, evidence.quality),
        ("feature drift", evidence.drift_run_id, evidence.drift),
    )
    for what, run_id, verdict in measured:
        run = registered_models.run_of(ctx.tracker.client, run_id)
        if run is None:
            found.append(f"the run of {what} {run_id} was deleted, or never existed")
        elif run.parent != evidence.run_id:
            found.append(f"the run of {what} {run_id} is not of its training run")
        elif run.tags.get(VERDICT) != verdict.value:
            found.append(f"the run of {what} has the verdict {_of(run.tags)}, not {verdict.value}")
    return found


def _of(tags: Mapping[str, str]) -> str:
    return tags.get(VERDICT, "none")
