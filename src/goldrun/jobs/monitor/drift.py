"""Compare current features with what a model was trained on, feature by feature."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.ops import DRIFT_METRICS
from goldrun.errors import GoldrunError
from goldrun.io.settings import load_model_config
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.aggregate.gold_tables import write_snapshots
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.names import FEATURE_DRIFT
from goldrun.jobs.promote.champions import champion_of, check_models
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


def check(
    ctx: Context,
    model: ModelSettings,
    name: str,
    reference: Baseline,
    origin: str,
    current: DataFrame,
) -> DriftReport:
    """Compare rows with a baseline and keep the outcome with the active run.

    Args:
        ctx: The context.
        model: Settings of the model; a feature that the reference lacks is unknown.
        name: What it is called: ``churn`` or ``segmentation``.
        reference: What they are compared with.
        origin: What that is, in words.
        current: Rows of ``gold/customer_features``.
    """
    with step(f"drift: {name} features against {origin}"):
        config = DriftConfig(max_psi=model.max_psi)
        counts = bin_counts(current, reference.bins)
        columns = gold.CUSTOMER_FEATURES.subset(model.features)
        report = compare(reference, counts, columns, config)
    tracker = ctx.tracker
    tracker.log_metrics(report.metrics())
    tracker.set_tags({"goldrun.verdict": report.verdict.value, "goldrun.reference": origin})
    tracker.set_tags(version_tags(ctx.lake.versions([gold.CUSTOMER_FEATURES.name])))
    tracker.log_text(reference.to_json(), "reference.json")
    tracker.log_table(report.table(), "tables/drift.csv")
    tracker.log_figure(distributions(reference, counts, report), "plots/distributions.png")
    tracker.log_figure(psi_overview(report, config), "plots/psi.png")
    _keep(ctx, name, report)
    for feature in report.features:
        psi = "?" if feature.psi is None else f"{feature.psi:.3f}"
        verdict = feature.verdict.upper() if feature.evaluated else "-"
        log.info("    %-7s %s PSI %s %s", verdict, feature.feature, psi, feature.note)
    return report


def _keep(ctx: Context, model: str, report: DriftReport) -> None:
    rows = [
        (ctx.tracker.run_id, ctx.now, model, name, float(value), report.verdict.value)
        for name, value in report.metrics().items()
    ]
    with ctx.lake.writing(DRIFT_METRICS.name):
        ctx.lake.append_unless_empty(DRIFT_METRICS, ctx.lake.frame(DRIFT_METRICS, rows))


def run_beside(
    ctx: Context,
    model: ModelSettings,
    name: str,
    first_reference: tuple[Baseline, str],
    current: DataFrame,
) -> tuple[str, DriftReport]:
    """Check drift as the run ``feature_drift`` under the active training run.

    The reference is what the champion was trained on.

    Args:
        ctx: The context.
        model: Settings of the model.
        name: What it is called: ``churn`` or ``segmentation``.
        first_reference: What to compare with before there is a champion, and what that is.
        current: Rows of ``gold/customer_features``.

    Returns:
        The run's id and the report.
    """
    reference, origin = champion_baseline(ctx, name) or first_reference
    with ctx.tracker.child_run(FEATURE_DRIFT) as run_id:
        return run_id, check(ctx, model, name, reference, origin, current)


def keep_baseline(ctx: Context, training: DataFrame, features: tuple[str, ...]) -> Baseline:
    """Bin the training rows and keep the counts with the active training run."""
    baseline = baseline_of(training, features)
    ctx.tracker.log_text(baseline.to_json(), BASELINE)
    return baseline


def champion_baseline(ctx: Context, model: str) -> tuple[Baseline, str] | None:
    """Bins and counts of the champion's training rows, and its name; None before the first one."""
    champion = champion_of(ctx, model)
    if champion is None:
        return None
    text = ctx.tracker.read_artifact(champion.run_id, BASELINE)
    return Baseline.from_json(text), f"champion version {champion.version}"


def snapshot(ctx: Context, *as_ofs: date, version: int | None = None) -> DataFrame:
    """Rows of ``gold/customer_features`` as of these dates."""
    rows = ctx.lake.read(gold.CUSTOMER_FEATURES.name, version)
    return rows.where(F.col(gold.AS_OF).isin(list(as_ofs)))


def run(ctx: Context, model: str, as_of: date | None = None) -> None:
    """Compare the features as of a date with those of a model's champion, and tell the verdict.

    Args:
        ctx: The context.
        model: ``churn`` or ``segmentation``.
        as_of: Date of the features; the day after the newest event when None.

    Raises:
        SettingsError: There is no such model.
        GoldrunError: It has no champion.
        ForeignModelError: The champion is another shop's.
    """
    settings = load_model(model).settings
    check_models(ctx, model)
    check_zone_of_gold(ctx)
    history = history_of(ctx)
    as_of = history.check_features(as_of or history.day_after)
    found = champion_baseline(ctx, model)
    if found is None:
        raise GoldrunError(
            f"model {ctx.source.registered_name(model)} has no champion to compare with: train "
            f"one first (mlflow run . --env-manager local -e {model})"
        )
    write_snapshots(ctx, [as_of])
    config = load_model_config(model, settings)
    report = check(ctx, config, model, *found, snapshot(ctx, as_of))
    log.info("Drift of %s as of %s: %s", model, as_of, report.verdict.upper())
