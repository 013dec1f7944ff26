"""Registration of a trained model with its evidence, the gate's decision, and the promotion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from sklearn.pipeline import Pipeline

from goldrun.contracts.criterion import Criterion
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.git import git_state
from goldrun.io.tracking.models import register_model
from goldrun.io.tracking.versions import DECISION, was_promoted
from goldrun.jobs.context import Context, log
from goldrun.jobs.promote.champions import owner_of
from goldrun.learning.example_rows import is_whole
from goldrun.monitoring.drift import DriftReport
from goldrun.monitoring.quality import QualityReport
from goldrun.registry.evidence import Evidence
from goldrun.registry.gate import Decision, HeadToHead, decide, unless_changed
from goldrun.registry.remedies import remedies


@dataclass(frozen=True)
class MonitoringResult:
    """Ids and reports of the runs ``data_quality`` and ``feature_drift`` of a training run."""

    quality_run_id: str
    quality: QualityReport
    drift_run_id: str
    drift: DriftReport


@dataclass(frozen=True)
class Candidate:
    """A trained model before its registration.

    Attributes:
        model: Name of the model, such as ``churn``.
        pipeline: The fitted pipeline.
        example: A few input rows, for the signature and to compare predictions after loading.
        predict: Method of the pipeline with which a served model answers.
        metrics: Metrics of the model and its baselines.
        summary: The main metrics as text.
        table_versions: Delta version of every table that the model was trained from.
        training_hash: SHA-256 of the training frame.
        criteria: Conditions on the metrics.
        head_to_head: Comparison with the champion; None where there is none.
        drift_policy: Effect of failed drift.
        description: Description of the version, in Markdown.
        texts: Text artifacts of the run that scoring with the model reads.
    """

    model: str
    pipeline: Pipeline
    example: pd.DataFrame
    predict: str
    metrics: Mapping[str, float]
    summary: str
    table_versions: Mapping[str, int]
    training_hash: str
    criteria: tuple[Criterion, ...]
    head_to_head: HeadToHead | None
    drift_policy: Literal["warn", "block"]
    description: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """Result of a training run.

    Attributes:
        model: Registered name.
        version: Registered version.
        scores: The main metrics as text.
        monitoring: Data quality and feature drift.
        decision: The gate's decision.
    """

    model: str
    version: int
    scores: str
    monitoring: MonitoringResult
    decision: Decision


def register_and_gate(ctx: Context, candidate: Candidate, monitoring: MonitoringResult) -> Outcome:
    """Register a candidate with its evidence, and promote the version if the gate allows it."""
    evidence = _evidence(ctx, candidate, monitoring)
    name = evidence.model
    ctx.tracker.log_metrics(candidate.metrics)
    ctx.tracker.set_tags(evidence.tags())
    ctx.tracker.log_text(evidence.to_json(), "evidence.json")
    version = register_model(
        ctx.tracker,
        candidate.pipeline,
        name,
        candidate.example,
        predict=candidate.predict,
        whole_numbers=[feature for feature in candidate.example.columns if is_whole(feature)],
        texts=candidate.texts,
        tags=evidence.tags(),
        description=candidate.description,
    )
    rival = candidate.head_to_head
    # The version that was just registered has no decision yet.
    first = rival is None and not was_promoted(ctx.tracker.client, name)
    decision = decide(evidence, candidate.criteria, rival, candidate.drift_policy, first=first)
    if decision.promote:
        decision = promote_unless_changed(ctx, name, version, decision, rival)
    result = {DECISION: str(decision), "goldrun.version": str(version)}
    ctx.tracker.set_tags(result)
    ctx.tracker.tag_version(name, version, result)
    log.info("    %s version %s: %s", name, version, decision)
    if not decision.promote:
        for remedy in remedies(candidate.criteria, candidate.metrics, candidate.model):
            log.info("      what helps: %s", remedy)
    return Outcome(name, version, candidate.summary, monitoring, decision)


def _evidence(ctx: Context, candidate: Candidate, monitoring: MonitoringResult) -> Evidence:
    commit, dirty = git_state()
    owner = owner_of(ctx)
    return Evidence(
        model=ctx.source.registered_name(candidate.model),
        source=owner.source,
        lake=owner.lake or "",
        run_id=ctx.tracker.run_id,
        table_versions=dict(candidate.table_versions),
        training_table=CUSTOMER_FEATURES.name,
        content_hash=candidate.training_hash,
        quality_run_id=monitoring.quality_run_id,
        quality=monitoring.quality.verdict,
        drift_run_id=monitoring.drift_run_id,
        drift=monitoring.drift.verdict,
        metrics=dict(candidate.metrics),
        git_commit=commit,
        git_dirty=dirty,
    )


def promote_unless_changed(
    ctx: Context, name: str, version: int, decision: Decision, head_to_head: HeadToHead | None
) -> Decision:
    """Make a version champion, unless another run has changed the champion since the comparison.

    Args:
        ctx: The context.
        name: Registered name of the model.
        version: The version that the gate promotes.
        decision: The gate's decision.
        head_to_head: The comparison with the champion; None where there was no champion.

    Returns:
        The decision, or a refusal where the champion is another version now.
    """
    compared = head_to_head.champion_version if head_to_head else None
    with ctx.tracker.alone():
        champion = ctx.tracker.champion(name)
        decision = unless_changed(decision, compared, champion.version if champion else None)
        if decision.promote:
            ctx.tracker.promote(name, version)
    return decision
