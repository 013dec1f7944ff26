"""The gate's decision on a registered version: made, recorded and carried out under one lock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from goldrun.contracts.file_checksums import CHECKSUM_TAG
from goldrun.contracts.verdict import Verdict
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.context import Context, log
from goldrun.jobs.promote import ledger
from goldrun.jobs.promote.agreement import agreed
from goldrun.jobs.promote.proposal import Comparison, Proposal, changed_since, compare
from goldrun.jobs.promote.record import Decided, carry_out, record_refusal
from goldrun.jobs.promote.stored_evidence import contradicted_by_runs
from goldrun.registry.consistency import contradictions
from goldrun.registry.evidence import Evidence
from goldrun.registry.gate import Decision, decide
from goldrun.registry.ledger import Entry
from goldrun.registry.remedies import remedies
from goldrun.registry.standing import Standing


@dataclass(frozen=True)
class Order:
    """What a person orders beside the gate's decision.

    Attributes:
        dry_run: Whether to decide only: the decision is not recorded, and nothing is promoted; a
            promotion that was stopped is finished first.
        force: Whether to promote although the gate refuses.
        why: The reason for ``force``.
    """

    dry_run: bool = False
    force: bool = False
    why: str | None = None


def decide_on(ctx: Context, proposal: Proposal, order: Order | None = None) -> Decided:
    """Decide whether a version becomes champion, record the decision, and carry it out.

    From reading the champion to the alias, other decisions on the lake's models wait. The ledger
    has the intent before the alias moves, and its end afterwards.

    Raises:
        LedgerError: The ledger was changed, or disagrees with the alias.
        TrackingError: The registry does not answer.
    """
    order = order or Order()
    with ledger.deciding(ctx):
        entries, standing = agreed(ctx, proposal.model)
        found = _judge(ctx, proposal, entries, standing)
        # Of two commands at once the second one finds the version promoted.
        if standing.alias != proposal.evidence.version:
            found = _forced(found, order)
        if not order.dry_run:
            carry_out(ctx, entries, standing.alias, proposal.evidence, found)
    _log(proposal, found)
    return found


def refuse_unread(ctx: Context, model: str, version: Champion, problem: Exception) -> None:
    """Record that a version is refused because its evidence or its files can't be used.

    Args:
        ctx: The context; its tracker has an active run.
        model: Name of the model, such as ``churn``.
        version: The version.
        problem: What was found.
    """
    log.warning("    %s", problem)
    name, number = version.name, version.version
    with ledger.deciding(ctx):
        entries, standing = agreed(ctx, model)
        entry = replace(
            ledger.refusal(ctx, name, number, version.run_id, standing.alias),
            checksum=version.tags.get(CHECKSUM_TAG),
            reasons=(str(problem),),
        )
        record_refusal(ctx, entries, entry)


def _log(proposal: Proposal, found: Decided) -> None:
    evidence = proposal.evidence
    log.info("    %s version %s: %s", evidence.model, evidence.version, found.decision)
    if not found.decision.promote:
        measured = {name: value for name, value in evidence.metrics.items() if value is not None}
        for remedy in remedies(
            proposal.criteria, measured, proposal.model, found.compared, proposal.gate
        ):
            log.info("      what helps: %s", remedy)


def _forced(found: Decided, order: Order) -> Decided:
    """Return the gate's decision, or a promotion if the gate refuses and ``order.force`` is set."""
    if found.decision.promote or not order.force:
        return found
    overruled = tuple(f"overruled: {reason}" for reason in found.decision.against)
    decision = Decision(promote=True, against=(), warnings=(*overruled, *found.decision.warnings))
    return replace(found, decision=decision, why=order.why, forced=True)


def _judge(
    ctx: Context, proposal: Proposal, entries: Sequence[Entry], standing: Standing
) -> Decided:
    evidence = proposal.evidence
    against = _not_of_this_version(ctx, evidence, standing)
    found = Comparison()
    if not against:
        found = compare(ctx, proposal, standing.alias, entries)
    by_gate = decide(
        evidence,
        proposal.criteria,
        found.compared,
        proposal.drift_policy,
        first=standing.is_first,
        gate=proposal.gate,
    )
    reasons = (*against, *found.problems, *filter(None, [found.repeats]))
    decision = Decision(
        promote=by_gate.promote and not reasons,
        against=(*reasons, *by_gate.against),
        warnings=(*changed_since(proposal), *found.warnings, *by_gate.warnings),
        is_sound=by_gate.is_sound and not against and not found.problems,
    )
    return Decided(decision, _verdict(decision, evidence), found.compared)


def _not_of_this_version(ctx: Context, evidence: Evidence, standing: Standing) -> list[str]:
    """Return the reasons against a version that no comparison can outweigh."""
    found = [*contradictions(evidence), *contradicted_by_runs(ctx, evidence)]
    if standing.alias == evidence.version:
        found.append("it is the champion already")
    if standing.is_lost:
        found.append(f"the champion, version {standing.recorded}, was deleted")
    return found


def _verdict(decision: Decision, evidence: Evidence) -> Verdict:
    if decision.promote:
        return Verdict.PASS
    measured = {evidence.quality, evidence.drift}
    unknown = Verdict.UNKNOWN in measured and Verdict.FAIL not in measured
    return Verdict.UNKNOWN if unknown else Verdict.FAIL
