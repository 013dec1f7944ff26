"""The gate's decision on a registered version: made, recorded and carried out under one lock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.errors import EvidenceError, ModelFileError
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.context import Context, log
from goldrun.jobs.promote import ledger
from goldrun.jobs.promote.agreement import check_agreement, complete_stopped, standing_of
from goldrun.jobs.promote.record import Decided, carry_out
from goldrun.jobs.promote.stored_evidence import (
    contradicted_by_runs,
    read_evidence,
    version_named,
)
from goldrun.learning.gate_settings import GateSettings, loosened
from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.consistency import contradictions, incomparable, measured_otherwise, repeats
from goldrun.registry.evidence import Evidence
from goldrun.registry.gate import Decision, decide
from goldrun.registry.history import best_version, looks, was_champion
from goldrun.registry.ledger import Entry
from goldrun.registry.remedies import remedies
from goldrun.registry.standing import Standing


@dataclass(frozen=True)
class Proposal:
    """A registered version for the gate to decide on.

    Attributes:
        model: Name of the model, such as ``churn``.
        evidence: Evidence of the version.
        criteria: Conditions on its metrics.
        drift_policy: Effect of failed drift.
        compare: Takes a champion and the number of earlier looks at the test rows; loads the
            champion and compares both on the test rows of the version.
        gate: Thresholds of the gate. By its rule ``not_worse`` a version is compared with the best
            champion so far; otherwise with the champion.
    """

    model: str
    evidence: Evidence
    criteria: tuple[Criterion, ...]
    drift_policy: Literal["warn", "block"]
    compare: Callable[[Champion, int], HeadToHead]
    gate: GateSettings = field(default_factory=GateSettings)


@dataclass(frozen=True)
class Order:
    """What a person orders beside the gate's decision.

    Attributes:
        dry_run: Whether to decide only: nothing is recorded or changed.
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
    name = proposal.evidence.model
    with ledger.deciding(ctx):
        entries = complete_stopped(ctx, ledger.read_entries(ctx, name))
        standing = standing_of(ctx, name, entries)
        check_agreement(ctx, proposal.model, standing)
        found = _judge(ctx, proposal, entries, standing)
        # Of two commands at once the second one finds the version promoted.
        if standing.alias != proposal.evidence.version:
            found = _forced(found, order)
        if not order.dry_run:
            carry_out(ctx, entries, standing.alias, proposal.evidence, found)
    _log(proposal, found)
    return found


def refuse_unread(ctx: Context, version: Champion, problem: Exception) -> None:
    """Record that a version is refused because its evidence or its files are not as registered.

    Args:
        ctx: The context; its tracker has an active run.
        version: The version.
        problem: What was found.
    """
    name = version.name
    with ledger.deciding(ctx):
        entries = complete_stopped(ctx, ledger.read_entries(ctx, name))
        champion = ctx.tracker.champion(name)
        entry = ledger.refusal(
            ctx, name, version.version, version.run_id, champion.version if champion else None
        )
        ledger.append(ctx, entries, replace(entry, reasons=(str(problem),)))


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
    """Return the decision, or the promotion that a person orders against it."""
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
    found = _Comparison()
    rival = best_version(entries) if proposal.gate.rule == "not_worse" else standing.alias
    if rival is not None and not against:
        found = _compared(ctx, proposal, rival, entries)
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
        warnings=(*found.warnings, *by_gate.warnings),
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


@dataclass(frozen=True)
class _Comparison:
    """A comparison with a champion, or why there is none.

    Attributes:
        compared: The comparison.
        problems: Why it is not possible.
        repeats: How the version repeats the champion's training; empty where it does not.
        warnings: Thresholds of the gate that are looser than the champion's.
    """

    compared: HeadToHead | None = None
    problems: tuple[str, ...] = ()
    repeats: str = ""
    warnings: tuple[str, ...] = ()


def _compared(
    ctx: Context, proposal: Proposal, number: int, entries: Sequence[Entry]
) -> _Comparison:
    """Compare with a version that is or was champion, or find out why that is not possible."""
    mine = proposal.evidence
    rival = version_named(ctx, mine.model, number)
    if rival is None:
        gone = (
            f"version {number}, the best champion so far, was deleted: nothing shows it not worse"
        )
        return _Comparison(problems=(gone,))
    entry = was_champion(entries, rival.version)
    earlier = looks(entries, mine.test_origin) if mine.test_origin else 0
    looser: list[str] = []
    try:
        # A version of an older goldrun that a person adopted has no evidence to compare.
        if entry is None or entry.evidence is not None:
            theirs = read_evidence(ctx, rival, entry.evidence if entry else None)
            if differ := incomparable(mine, theirs):
                return _Comparison(problems=tuple(differ))
            if same := repeats(mine, theirs):
                return _Comparison(repeats=same)
            looser = loosened(mine.gate, theirs.gate)
        found = proposal.compare(rival, earlier)
        problems = tuple(measured_otherwise(mine, found))
        return _Comparison(found, problems, warnings=tuple(looser))
    except (EvidenceError, ModelFileError) as error:
        log.warning("    %s", error)
        return _Comparison(problems=(f"it can't be compared with the champion: {error}",))


def _verdict(decision: Decision, evidence: Evidence) -> Verdict:
    if decision.promote:
        return Verdict.PASS
    measured = {evidence.quality, evidence.drift}
    unknown = Verdict.UNKNOWN in measured and Verdict.FAIL not in measured
    return Verdict.UNKNOWN if unknown else Verdict.FAIL
