"""Record a decision in the ledger and carry it out: intent, alias, end."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from goldrun.contracts.verdict import Verdict
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.versions import DECISION
from goldrun.jobs.context import Context
from goldrun.jobs.promote import ledger
from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.description import with_decision
from goldrun.registry.evidence import STATUS_TAG, Evidence, hash_of
from goldrun.registry.gate import Decision
from goldrun.registry.ledger import Entry, State

DESCRIPTION = "mlflow.note.content"
"""Tag of a run that the UI shows as its description."""
_APPROVED = "approved"


@dataclass(frozen=True)
class Decided:
    """A decision with what it was made from.

    Attributes:
        decision: The gate's decision, or a person's.
        verdict: Pass, fail, or unknown where evidence could not be measured.
        compared: The comparison with a champion; None where there was none.
        forced: Whether a person overruled the gate.
        why: The person's reason.
    """

    decision: Decision
    verdict: Verdict
    compared: HeadToHead | None = None
    forced: bool = False
    why: str | None = None


def carry_out(
    ctx: Context,
    entries: Sequence[Entry],
    champion: int | None,
    evidence: Evidence,
    decided: Decided,
) -> None:
    """Record a decision on a version and, if it is promoted, give it the alias.

    Args:
        ctx: The context, within ``ledger.deciding``.
        entries: The model's entries so far.
        champion: Version that has the alias now; None where none has.
        evidence: Evidence of the version.
        decided: The decision.
    """
    entry = _entry(ctx, champion, evidence, decided)
    if decided.decision.promote:
        move_alias(ctx, entries, entry)
    else:
        ledger.append(ctx, entries, entry)
    # A champion that is proposed once more stays as it was described when it was promoted.
    if champion != evidence.version:
        _tag(ctx, evidence, decided)


def move_alias(ctx: Context, entries: Sequence[Entry], entry: Entry) -> None:
    """Record the intent, give the version the alias ``champion``, and record the end."""
    intended = ledger.append(ctx, entries, replace(entry, state=State.INTENDED))
    ctx.tracker.promote(entry.model, entry.to_version)
    ledger.append(ctx, intended, replace(entry, state=State.DONE))


def _tag(ctx: Context, evidence: Evidence, decided: Decided) -> None:
    """Write the decision into tags and description of the version and of its training run."""
    client, name, number = ctx.tracker.client, evidence.model, evidence.version
    ctx.tracker.tag_version(name, number, _version_tags(decided, evidence))
    run = registered_models.run_of(client, evidence.run_id)
    described = with_decision(
        client.get_model_version(name, str(number)).description or "",
        evidence,
        decided.decision,
        decided.compared,
        run.experiment_id if run else "",
    )
    client.update_model_version(name, str(number), described)
    # The tags of a deleted run can't be set.
    if run is not None:
        for key, value in {DECISION: str(decided.decision), DESCRIPTION: described}.items():
            client.set_tag(evidence.run_id, key, value)


def _version_tags(decided: Decided, evidence: Evidence) -> dict[str, str]:
    """Return the decision as short tags; the ledger has its reasons."""
    if not decided.decision.promote:
        return {DECISION: "not promoted", STATUS_TAG: "rejected"}
    approval = evidence.gate.get("approval_tag")
    return {
        DECISION: "promoted by force" if decided.forced else "promoted",
        STATUS_TAG: _APPROVED,
        **({approval: _APPROVED} if approval else {}),
    }


def _entry(ctx: Context, champion: int | None, evidence: Evidence, decided: Decided) -> Entry:
    compared, decision = decided.compared, decided.decision
    number, run_id = evidence.version, evidence.run_id
    return replace(
        ledger.refusal(ctx, evidence.model, number, run_id, champion),
        evidence=hash_of(evidence.to_json()),
        checksum=evidence.checksum,
        verdict=decided.verdict,
        reasons=decision.against,
        warnings=decision.warnings,
        test_origin=evidence.test_origin,
        compared_with=compared.champion_version if compared else None,
        comparison=_finite(compared.metrics()) if compared else {},
        forced=decided.forced,
        why=decided.why,
    )


def _finite(metrics: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in metrics.items()}
