"""Registration of a trained model with its evidence."""

from dataclasses import asdict, replace

from goldrun.errors import TrackingError
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.environment import read_environment
from goldrun.io.git import git_state
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.datasets import (
    dataset_digest,
    digest_of_test_rows,
    log_model_metrics,
)
from goldrun.io.tracking.models import Registered, register_model
from goldrun.jobs.context import Context
from goldrun.jobs.promote.candidate import Candidate, MonitoringResult
from goldrun.jobs.promote.champions import owner_of
from goldrun.learning.example_rows import is_whole
from goldrun.registry.evidence import FILE, HASH_TAG, Evidence, hash_of


def check_run(ctx: Context) -> None:
    """Check that the active run may train: one run has one version, or evidence is overwritten.

    Raises:
        TrackingError: The run has registered a version already.
    """
    found = registered_models.versions_of_run(ctx.tracker.client, ctx.tracker.run_id)
    if found:
        raise TrackingError(
            f"run {ctx.tracker.run_id} has registered {', '.join(found)}, whose evidence another "
            "training would overwrite: unset MLFLOW_RUN_ID, so that a new run is made"
        )


def register(ctx: Context, candidate: Candidate, monitoring: MonitoringResult) -> Evidence:
    """Register a candidate with its evidence, as the challenger; return the evidence."""
    unregistered = _evidence(ctx, candidate, monitoring)
    ctx.tracker.log_metrics(candidate.metrics)
    ctx.tracker.set_tags(unregistered.tags())
    registered = register_model(
        ctx.tracker,
        candidate.pipeline,
        unregistered.model,
        candidate.example,
        predict=candidate.predict,
        whole_numbers=[feature for feature in candidate.example.columns if is_whole(feature)],
        texts=candidate.texts,
        tags=unregistered.registered_tags(),
        description=candidate.description,
    )
    log_model_metrics(
        ctx.tracker.client,
        unregistered.run_id,
        registered.model_id,
        candidate.metrics,
        (CUSTOMER_FEATURES.name, _evaluation_digest(ctx, unregistered)),
    )
    return _store(ctx, unregistered, registered)


def _evaluation_digest(ctx: Context, evidence: Evidence) -> str:
    """Return the digest of the dataset that the model was evaluated on.

    Without a test frame it is that of the training frame, with the version of its table.
    """
    table = CUSTOMER_FEATURES.name
    if evidence.test_hash:
        return digest_of_test_rows(evidence.test_hash, ctx.lake.path(table))
    return dataset_digest(evidence.content_hash, evidence.table_versions[table])


def _store(ctx: Context, unregistered: Evidence, registered: Registered) -> Evidence:
    """Write the evidence of a version into its run, and its hash into tags of both."""
    evidence = replace(
        unregistered,
        version=registered.version,
        checksum=registered.checksum,
        files=registered.files,
    )
    text = evidence.to_json()
    ctx.tracker.log_text(text, FILE)
    tag = {HASH_TAG: hash_of(text)}
    ctx.tracker.set_tags({**tag, "goldrun.version": str(evidence.version)})
    ctx.tracker.tag_version(evidence.model, evidence.version, tag)
    return evidence


def _evidence(ctx: Context, candidate: Candidate, monitoring: MonitoringResult) -> Evidence:
    commit, dirty = git_state()
    owner = owner_of(ctx)
    return Evidence(
        model=ctx.source.registered_name(candidate.model),
        version=0,
        checksum="",
        files={},
        source=owner.source,
        lake=owner.lake or "",
        run_id=ctx.tracker.run_id,
        training_table=CUSTOMER_FEATURES.name,
        quality_run_id=monitoring.quality_run_id,
        quality=monitoring.quality.verdict,
        quality_versions=dict(monitoring.quality.table_versions),
        quality_limits={"max_reject_share": ctx.source.max_reject_share},
        drift_run_id=monitoring.drift_run_id,
        drift=monitoring.drift.verdict,
        drift_versions=dict(monitoring.drift_versions),
        drift_limits={"max_psi": monitoring.max_psi},
        metrics=dict(candidate.metrics),
        baselines=candidate.baselines,
        criteria=tuple(map(str, candidate.criteria)),
        settings=dict(candidate.settings),
        settings_hash=candidate.settings_hash,
        gate=dict(candidate.gate),
        git_commit=commit,
        git_dirty=dirty,
        **asdict(candidate.trained_on),
        **asdict(read_environment()),
    )
