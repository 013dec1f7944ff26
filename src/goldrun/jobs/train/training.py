"""What the training scripts share: evidence, registration, the gate, and the outcome's summary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from goldrun.contracts import activity_tables, gold
from goldrun.io.frames import content_hash
from goldrun.io.git import git_state
from goldrun.io.tracking.models import register_model
from goldrun.jobs.context import Context, log
from goldrun.jobs.monitor import quality
from goldrun.jobs.promote.champions import owner_of
from goldrun.monitoring.drift import DriftReport
from goldrun.monitoring.quality import QualityReport
from goldrun.registry.evidence import Evidence
from goldrun.registry.gate import Criterion, Decision, HeadToHead, decide


@dataclass(frozen=True)
class Checked:
    """The two runs beside a training run: their ids and what they found."""

    quality_run_id: str
    quality: QualityReport
    drift_run_id: str
    drift: DriftReport


@dataclass(frozen=True)
class Outcome:
    """How a training run ended, for the summary; ``model`` is the registered name."""

    model: str
    version: int
    scores: str
    checked: Checked
    decision: Decision


def tell(outcome: Outcome) -> None:
    """Say what came of a training run that was asked for by itself."""
    told = outcome.model, outcome.version, outcome.scores, outcome.decision
    log.info("%s version %s: %s; %s", *told)


def behind(ctx: Context) -> dict[str, int]:
    """Delta version of every table that a training run rests on, as they are now."""
    of_gold = [*(table.name for table in activity_tables.ACTIVITY), gold.CUSTOMER_FEATURES.name]
    return ctx.lake.versions([*quality.tables_behind(ctx), *of_gold])


def log_frame(ctx: Context, frame: pd.DataFrame, version: int, context: str) -> str:
    """Record a frame of ``gold/customer_features`` as an input of the run; return its hash."""
    name = gold.CUSTOMER_FEATURES.name
    digest = content_hash(frame)
    ctx.tracker.log_dataset(
        frame,
        name=name,
        path=ctx.lake.path(name),
        version=version,
        context=context,
        digest=digest,
    )
    return digest


def conclude(
    ctx: Context,
    name: str,
    model: Any,
    example: pd.DataFrame,
    *,
    predict: str,
    metrics: Mapping[str, float],
    versions: Mapping[str, int],
    training_hash: str,
    checked: Checked,
    criteria: tuple[Criterion, ...],
    head_to_head: HeadToHead | None,
    drift_policy: Literal["warn", "block"],
    scores: str,
) -> Outcome:
    """Register the model with its evidence, ask the gate, and crown it if the gate says so."""
    commit, dirty = git_state()
    name, owner = ctx.source.registered_name(name), owner_of(ctx)
    evidence = Evidence(
        model=name,
        source=owner.source,
        lake=owner.lake or "",
        run_id=ctx.tracker.run_id,
        table_versions=dict(versions),
        training_table=gold.CUSTOMER_FEATURES.name,
        content_hash=training_hash,
        quality_run_id=checked.quality_run_id,
        quality=checked.quality.verdict,
        drift_run_id=checked.drift_run_id,
        drift=checked.drift.verdict,
        metrics=dict(metrics),
        git_commit=commit,
        git_dirty=dirty,
    )
    ctx.tracker.log_metrics(metrics)
    ctx.tracker.set_tags(evidence.tags())
    ctx.tracker.log_text(evidence.to_json(), "evidence.json")
    version = register_model(ctx.tracker, model, name, example, predict=predict)
    decision = decide(evidence, criteria, head_to_head, drift_policy)
    if decision.promote:
        decision = crown_unless_changed(ctx, name, version, decision, head_to_head)
    verdict = {"goldrun.decision": str(decision), "goldrun.version": str(version)}
    ctx.tracker.set_tags(verdict)
    ctx.tracker.tag_version(name, version, evidence.tags() | verdict)
    log.info("    %s version %s: %s", name, version, decision)
    return Outcome(name, version, scores, checked, decision)


def crown_unless_changed(
    ctx: Context, name: str, version: int, decision: Decision, head_to_head: HeadToHead | None
) -> Decision:
    """Make a version champion, unless another run has changed the champion since the comparison.

    Args:
        ctx: The context.
        name: Registered name of the model.
        version: The version that the gate promotes.
        decision: Its decision.
        head_to_head: The comparison with the champion that there was; None where there was none.

    Returns:
        The decision, or one against the version where the champion is another one by now.
    """
    compared = head_to_head.champion_version if head_to_head else None
    with ctx.tracker.alone():
        champion = ctx.tracker.champion(name)
        now = champion.version if champion else None
        if now == compared:
            ctx.tracker.crown(name, version)
            return decision
    was = "no champion" if compared is None else f"champion version {compared}"
    reason = (
        f"it was compared with {was}, but another run has changed that to "
        f"{f'version {now}' if now else 'none'}: train again"
    )
    return Decision(promote=False, against=(reason,), warnings=decision.warnings)
