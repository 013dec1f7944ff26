"""Record a decision in the ledger and carry it out: intent, alias, end."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from goldrun.contracts.verdict import Verdict
from goldrun.contracts.version_tags import APPROVED, DECISION, REJECTED
from goldrun.io.tracking import registered_models
from goldrun.jobs.context import Context
from goldrun.jobs.promote import ledger
from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.description import decision_tags, with_decision
from goldrun.registry.evidence import Evidence, hash_of
from goldrun.registry.gate import Decision
from goldrun.registry.history import was_champion
from goldrun.registry.ledger import Entry, State

DESCRIPTION = "mlflow.note.content"
"""Tag of a run that the UI shows as its description."""


@dataclass(frozen=True)
class Decided:
    """A decision with what it was made from.

    Attributes:
        decision: The gate's decision, or a person's.
        verdict: Pass, fail, or unknown if evidence could not be measured.
        compared: The comparison with a champion; None if there was none.
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
        champion: Version that has the alias now; None if none has.
        evidence: Evidence of the version.
        decided: The decision.
    """
    entry = _entry(ctx, champion, evidence, decided)
    if decided.decision.promote:
        move_alias(
            ctx,
            entries,
            entry,
            lambda: describe(ctx, evidence, decided.decision, decided.compared),
        )
        return
    if record_refusal(ctx, entries, entry):
        describe(ctx, evidence, decided.decision, decided.compared)


def record_refusal(ctx: Context, entries: Sequence[Entry], entry: Entry) -> bool:
    """Record a refusal and tag its version; return whether it was tagged.

    What was champion keeps the decision by which it became that.
    """
    ledger.append(ctx, entries, entry)
    if was_champion(entries, entry.to_version) is not None:
        return False
    ctx.tracker.tag_version(entry.model, entry.to_version, decision_tags(entry))
    return True


def move_alias(
    ctx: Context,
    entries: Sequence[Entry],
    entry: Entry,
    describing: Callable[[], None] = lambda: None,
) -> None:
    """Record the intent, give the version the alias ``champion``, and record the end.

    Args:
        ctx: The context, within ``ledger.deciding``.
        entries: The model's entries so far.
        entry: The decision.
        describing: Writes the decision where people read it, before the end.
    """
    intent = replace(entry, state=State.INTENDED)
    intended = ledger.append(ctx, entries, intent)
    give_alias(ctx, intent)
    describing()
    ledger.append(ctx, intended, replace(entry, state=State.DONE))


def give_alias(ctx: Context, intent: Entry) -> None:
    """Give the version of an intent the alias ``champion``, and the tags of the decision."""
    ctx.tracker.promote(intent.model, intent.to_version)
    ctx.tracker.tag_version(intent.model, intent.to_version, decision_tags(intent))


def describe(
    ctx: Context, evidence: Evidence, decision: Decision, compared: HeadToHead | None = None
) -> None:
    """Write a decision into the descriptions of the version and of its training run.

    A deployment job's approval is written too, if the version was trained with the name of its
    tag (``approval_tag``).
    """
    client, name, number = ctx.tracker.client, evidence.model, evidence.version
    if approval := evidence.gate.get("approval_tag"):
        status = APPROVED if decision.promote else REJECTED
        ctx.tracker.tag_version(name, number, {str(approval): status})
    run = registered_models.run_of(client, evidence.run_id)
    described = with_decision(
        client.get_model_version(name, str(number)).description or "",
        evidence,
        decision,
        compared,
        run.experiment_id if run else "",
    )
    client.update_model_version(name, str(number), described)
    # The tags of a deleted run can't be set.
    if run is not None:
        for key, value in {DECISION: str(decision), DESCRIPTION: described}.items():
            client.set_tag(evidence.run_id, key, value)


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
