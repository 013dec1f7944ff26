"""Feature drift: current rows compared with the training rows of a model's champion."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.ops import DRIFT_METRICS
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, feature_named
from goldrun.io.settings import load_model_config
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.aggregate.snapshots import write_snapshots
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.names import FEATURE_DRIFT
from goldrun.jobs.promote.champions import champion_of, check_models, required_champion
from goldrun.jobs.time_zone import check_zone_of_gold
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.models import load_model
from goldrun.monitoring.drift import (
    Baseline,
    DriftConfig,
    DriftReport,
    baseline_of,
    bin_counts,
    compare,
)
from goldrun.monitoring.drift_plots import distributions, psi_overview
from goldrun.registry.evidence import version_tags

BASELINE = "drift/baseline.json"
"""Artifact of a training run: bins and counts of the rows it was trained on."""


@dataclass(frozen=True)
class Reference:
    """Bins and counts that rows are compared with, and a description of their rows."""

    baseline: Baseline
    name: str


def check(
    ctx: Context, model: str, settings: ModelSettings, reference: Reference, current: DataFrame
) -> DriftReport:
    """Measure the drift of feature rows from a reference, and log the report to the active run.

    Its metrics are also appended to ``ops/drift_metrics``.

    Args:
        ctx: The context.
        model: Name of the model.
        settings: Its settings; the verdict of a feature that the reference lacks is unknown.
        reference: What the rows are compared with.
        current: Rows of ``gold/customer_features``.
    """
    baseline = reference.baseline
    with step(f"drift: {model} features against {reference.name}"):
        config = DriftConfig(max_psi=settings.max_psi)
        counts = bin_counts(current, baseline.bins)
        columns = [feature_named(name) for name in settings.features]
        report = compare(baseline, counts, columns, config)
    _log_report(ctx, reference, report)
    figure = distributions(baseline, counts, report, ctx.source.money_unit)
    ctx.tracker.log_figure(figure, "plots/distributions.png")
    ctx.tracker.log_figure(psi_overview(report, config), "plots/psi.png")
    _append_metrics(ctx, model, report)
    return report


def _log_report(ctx: Context, reference: Reference, report: DriftReport) -> None:
    tracker = ctx.tracker
    tracker.log_metrics(report.metrics())
    tracker.set_tags({"goldrun.verdict": report.verdict.value, "goldrun.reference": reference.name})
    tracker.set_tags(version_tags(ctx.lake.versions([CUSTOMER_FEATURES.name])))
    tracker.log_text(reference.baseline.to_json(), "reference.json")
    tracker.log_table(report.table(), "tables/drift.csv")
    for feature in report.features:
        psi = "?" if feature.psi is None else f"{feature.psi:.3f}"
        verdict = feature.verdict.upper() if feature.evaluated else "-"
        log.info("    %-7s %s PSI %s %s", verdict, feature.feature, psi, feature.note)


def _append_metrics(ctx: Context, model: str, report: DriftReport) -> None:
    """Append the metrics of a report to ``ops/drift_metrics``."""
    rows = [
        (ctx.tracker.run_id, ctx.now, model, name, float(value), report.verdict.value)
        for name, value in report.metrics().items()
    ]
    with ctx.lake.writing(DRIFT_METRICS.name):
        ctx.lake.append_unless_empty(DRIFT_METRICS, ctx.lake.frame(DRIFT_METRICS, rows))


def run_nested(
    ctx: Context,
    model: str,
    settings: ModelSettings,
    first_reference: Reference,
    current: DataFrame,
) -> tuple[str, DriftReport]:
    """Check drift as the run ``feature_drift`` under the active training run.

    The reference is the champion's training rows.

    Args:
        ctx: The context.
        model: Name of the model.
        settings: Its settings.
        first_reference: The reference while there is no champion.
        current: Rows of ``gold/customer_features``.

    Returns:
        Id of the run, and the report.
    """
    reference = champion_baseline(ctx, model) or first_reference
    with ctx.tracker.child_run(FEATURE_DRIFT) as run_id:
        return run_id, check(ctx, model, settings, reference, current)


def keep_baseline(ctx: Context, training: DataFrame, features: tuple[str, ...]) -> Baseline:
    """Bin the training rows, and log bins and counts with the active training run."""
    baseline = baseline_of(training, features)
    ctx.tracker.log_text(baseline.to_json(), BASELINE)
    return baseline


def champion_baseline(ctx: Context, model: str) -> Reference | None:
    """Return bins and counts of the champion's training rows; None if there is no champion."""
    champion = champion_of(ctx, model)
    return None if champion is None else _baseline_of(ctx, champion)


def _baseline_of(ctx: Context, champion: Champion) -> Reference:
    text = ctx.tracker.read_artifact(champion.run_id, BASELINE)
    return Reference(Baseline.from_json(text), f"champion version {champion.version}")


def snapshot(ctx: Context, *as_ofs: date, version: int | None = None) -> DataFrame:
    """Read the rows of ``gold/customer_features`` as of these dates."""
    rows = ctx.lake.read(CUSTOMER_FEATURES.name, version)
    return rows.where(F.col(gold.AS_OF).isin(list(as_ofs)))


def run(ctx: Context, model: str, as_of: date | None = None) -> None:
    """Compare the features as of a date with those of a model's champion, and log the verdict.

    Args:
        ctx: The context.
        model: Name of a registered model.
        as_of: Date of the features; the day after the lake's last day when None.

    Raises:
        SettingsError: No model has that name.
        NoChampionError: It has no champion.
        ForeignModelError: The champion belongs to another source or lake.
    """
    settings_class = load_model(model).settings
    check_models(ctx, model)
    check_zone_of_gold(ctx)
    history = history_of(ctx)
    as_of = history.check_features(as_of or history.day_after)
    reference = _baseline_of(ctx, required_champion(ctx, model, "to compare with"))
    write_snapshots(ctx, [as_of])
    # The champion's features, and not those of a model that would be trained now.
    features = tuple(reference.baseline.bins)
    settings = load_model_config(model, settings_class).model_copy(update={"features": features})
    report = check(ctx, model, settings, reference, snapshot(ctx, as_of))
    log.info("Drift of %s as of %s: %s", model, as_of, report.verdict.upper())
