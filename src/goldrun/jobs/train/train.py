"""Train a model: read, check, fit, measure, log, register, gate, publish."""

import contextlib
from dataclasses import replace
from datetime import date
from typing import Any

from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.settings import load_model_config, model_file_hash
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.monitor import drift, quality, rejections
from goldrun.jobs.promote.candidate import Candidate, MonitoringResult
from goldrun.jobs.promote.champions import check_models
from goldrun.jobs.promote.decide import decide_on
from goldrun.jobs.promote.proposal import Proposal
from goldrun.jobs.promote.register import check_run, register
from goldrun.jobs.score.publish import publish
from goldrun.jobs.time_zone import check_zone_of_gold
from goldrun.jobs.train.card import log_card
from goldrun.jobs.train.comparing import comparison
from goldrun.jobs.train.inputs import Hashes, Inputs, read_frames, read_inputs
from goldrun.jobs.train.outcome import Outcome
from goldrun.jobs.train.trained_on import trained_on
from goldrun.learning.choice import Choice
from goldrun.learning.example_rows import example_rows
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.model import Fitted, Frames, Model
from goldrun.learning.models import load_model
from goldrun.learning.origins import Origins, dates_between
from goldrun.learning.publication import LoadedModel
from goldrun.learning.report import Report
from goldrun.monitoring.drift import baseline_of
from goldrun.monitoring.quality import QualityReport

AnyModel = Model[Any, Any]


def train(
    ctx: Context, name: str, as_of: date | None = None, report: QualityReport | None = None
) -> Outcome:
    """Train, measure, register and publish a model inside the active run.

    Args:
        ctx: The context.
        name: Name of the model in the registry of models.
        as_of: Date that the model is measured at; the model's default when None.
        report: Data quality of the lake in its current state, if it is already measured.

    Raises:
        SettingsError: No model has that name, or its settings are invalid.
        ForeignModelError: The champion belongs to another source or lake.
        QualityError: Data quality fails.
        AsOfError: The history or the rows do not suffice to train the model.
        TrackingError: The active run has registered a version already.
    """
    model = load_model(name)
    check_models(ctx, name)
    settings = load_model_config(name, model.settings)
    check_zone_of_gold(ctx)
    check_run(ctx)
    report = rejections.check_before_training(ctx, report)
    history = history_of(ctx)
    origins = model.origins(settings, history, as_of)
    ctx.tracker.name_run(f"{name} {origins.as_of}")
    inputs = read_inputs(ctx, origins, history)
    frames, hashes = read_frames(ctx, model, settings, inputs)
    choice = _choose(ctx, model, settings, frames)
    monitoring = _monitor(ctx, model, choice.settings, inputs, report)
    with step(f"{name}: {_describe(origins)}"):
        candidate = _train(ctx, model, choice, inputs, frames, hashes)
    outcome = _register(ctx, model, choice.settings, candidate, monitoring, frames)
    publish(ctx, model, choice.settings, inputs.current)
    return outcome


def _register(
    ctx: Context,
    model: AnyModel,
    settings: ModelSettings,
    candidate: Candidate,
    monitoring: MonitoringResult,
    frames: Frames,
) -> Outcome:
    """Register a candidate with its evidence, and let the gate decide."""
    evidence = register(ctx, candidate, monitoring)
    features = tuple(settings.features)
    challenger = LoadedModel(evidence.version, candidate.pipeline, features, {})
    proposal = Proposal(
        model=model.name,
        evidence=evidence,
        criteria=candidate.criteria,
        drift_policy=candidate.drift_policy,
        compare=comparison(model, settings, challenger, frames),
        gate=settings.gate,
    )
    decided = decide_on(ctx, proposal)
    return Outcome(evidence.model, evidence.version, candidate.summary, monitoring, decided)


def _describe(origins: Origins) -> str:
    tested = f", testing as of {origins.test}" if origins.test else ""
    return f"training as of {dates_between(origins.train)}{tested}"


def _monitor(
    ctx: Context, model: AnyModel, settings: ModelSettings, inputs: Inputs, report: QualityReport
) -> MonitoringResult:
    """Record data quality and feature drift as the runs beside the training run."""
    quality_run = quality.run_nested(ctx, report)
    baseline = drift.keep_baseline(ctx, inputs.training, settings.features)
    if inputs.origins.reference:
        baseline = baseline_of(inputs.reference, settings.features)
    reference = drift.Reference(baseline, inputs.origins.reference_name)
    drift_run, drift_report = drift.run_nested(ctx, model.name, settings, reference, inputs.test)
    return MonitoringResult(
        quality_run_id=quality_run,
        quality=report,
        drift_run_id=drift_run,
        drift=drift_report,
        drift_versions={CUSTOMER_FEATURES.name: inputs.version},
        max_psi=settings.max_psi,
    )


def _choose(ctx: Context, model: AnyModel, settings: ModelSettings, frames: Frames) -> Choice[Any]:
    """Choose among the candidates, each of which becomes a nested run."""
    comparing = step(f"{model.name}: candidates before the test date")
    with contextlib.nullcontext() if frames.earlier.empty else comparing:
        choice: Choice[Any] = model.choose(settings, frames.training, frames.earlier)
    for trial in choice.trials:
        with ctx.tracker.child_run(f"candidate {trial.name}"):
            ctx.tracker.log_params(model.name, trial.parameters)
            ctx.tracker.log_metrics(trial.metrics)
            ctx.tracker.set_tags({"goldrun.candidate": trial.note})
    if choice.reason:
        log.info("    %s", choice.reason)
        ctx.tracker.set_tags({"goldrun.choice": choice.reason})
    _log_report(ctx, choice.report)
    return choice


def _train(
    ctx: Context,
    model: AnyModel,
    choice: Choice[Any],
    inputs: Inputs,
    frames: Frames,
    hashes: Hashes,
) -> Candidate:
    """Fit and measure a model, and log its parameters and its report."""
    settings = choice.settings
    frames = replace(frames, baselines=model.baselines(settings, frames))
    fitted = model.fit(settings, frames.training)
    metrics = model.evaluate(settings, fitted, frames)
    _log_report(ctx, model.report(settings, fitted, frames, metrics))
    ctx.tracker.log_params(model.name, _parameters(model, choice, fitted, inputs.origins, frames))
    return Candidate(
        model=model.name,
        pipeline=fitted.model,
        example=example_rows(frames.test, settings.features),
        predict=model.predict,
        metrics=metrics,
        summary=model.summary(metrics),
        trained_on=trained_on(ctx, model, settings, inputs, frames, hashes),
        criteria=model.criteria(settings),
        drift_policy=settings.drift,
        baselines=tuple(frames.baselines),
        settings=settings.model_dump(mode="json", exclude={"gate"}) | model.parameters(fitted),
        gate=settings.gate.model_dump(mode="json"),
        settings_hash=model_file_hash(model.name),
        texts=model.publication.texts if model.publication else (),
        description=log_card(
            ctx,
            model,
            settings,
            fitted,
            frames,
            inputs=inputs,
            metrics=metrics,
            training_hash=hashes.training,
        ),
    )


def _log_report(ctx: Context, report: Report) -> None:
    for name, figure in report.figures.items():
        ctx.tracker.log_figure(figure, f"plots/{name}.png")
    for name, table in report.tables.items():
        ctx.tracker.log_table(table, f"tables/{name}.csv")
    for path, text in report.texts.items():
        ctx.tracker.log_text(text, path)
    ctx.tracker.log_metrics(report.details)


def _parameters(
    model: AnyModel, choice: Choice[Any], fitted: Fitted, origins: Origins, frames: Frames
) -> dict[str, Any]:
    parameters: dict[str, Any] = choice.settings.model_dump(
        exclude={"intended_use", "feature_sets", "candidates"}
    )
    parameters |= {"as_of": origins.as_of, "training_rows": len(frames.training)}
    if origins.test:
        parameters["origins"] = ", ".join(map(str, origins.train))
        parameters["test_rows"] = len(frames.test)
    if choice.name:
        parameters["candidate"] = choice.name
    return parameters | model.parameters(fitted)
