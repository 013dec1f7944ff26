"""Train the churn model on earlier dates, test it at as_of, and let the gate decide."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from goldrun.contracts import activity_tables, gold
from goldrun.features.labels import CHURNED, churn_labels
from goldrun.io.frames import to_pandas
from goldrun.io.settings import load_model_config
from goldrun.io.tracking.models import load_champion
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.aggregate.gold_tables import write_snapshots
from goldrun.jobs.context import Context, step
from goldrun.jobs.monitor import drift, quality, refusals
from goldrun.jobs.names import CHURN
from goldrun.jobs.promote.champions import champion_of, check_models
from goldrun.jobs.time_zone import check_zone_of_gold
from goldrun.jobs.train.training import Checked, Outcome, behind, conclude, log_frame
from goldrun.learning.churn import ChurnConfig, baseline_scores, churn_probability, fit_churn
from goldrun.learning.churn_plots import calibration, lift, roc_and_pr
from goldrun.learning.evaluation import score_binary
from goldrun.monitoring.quality import QualityReport
from goldrun.registry.gate import Criterion, HeadToHead

CRITERIA = (Criterion("auc", above="recency.auc"), Criterion("auc", above="frequency.auc"))


def train(ctx: Context, as_of: date | None = None, report: QualityReport | None = None) -> Outcome:
    """Train, measure and register inside the active run.

    Args:
        ctx: The context.
        as_of: Test origin; the latest date with a complete label window when None.
        report: Data quality of the lake as it is, where it was just measured.

    Raises:
        QualityError: Data quality fails.
        AsOfError: The history is too short, or there is nothing to learn from the labels.
    """
    check_models(ctx, CHURN)
    config = load_model_config(CHURN, ChurnConfig)
    check_zone_of_gold(ctx)
    quality_report = refusals.check_before_training(ctx, report)
    history, horizon = history_of(ctx), config.horizon_days
    as_of = history.check_labels(as_of or history.latest_labelled(horizon), horizon)
    origins = history.training_origins(
        as_of, horizon, config.longest_window_days, config.max_origins
    )
    write_snapshots(ctx, [*origins, as_of])
    versions = behind(ctx)
    read_at = versions[gold.CUSTOMER_FEATURES.name]
    train_rows = drift.snapshot(ctx, *origins, version=read_at)
    test_rows = drift.snapshot(ctx, as_of, version=read_at)

    quality_run = quality.run_beside(ctx, quality_report)
    reference = (drift.keep_baseline(ctx, train_rows, config.features), "its training origins")
    drift_run, drift_report = drift.run_beside(ctx, config, CHURN, reference, test_rows)

    with step(f"churn: training as of {', '.join(map(str, origins))}, testing as of {as_of}"):
        daily = ctx.lake.read(
            activity_tables.CUSTOMER_DAILY.name, versions[activity_tables.CUSTOMER_DAILY.name]
        )
        training = _labelled(daily, train_rows, config)
        test = _labelled(daily, test_rows, config)
        digest = log_frame(ctx, training, read_at, "training")
        log_frame(ctx, test, read_at, "test")
        model = fit_churn(config, training, training[CHURNED])
        probability = churn_probability(model, test, config.features)
        metrics = _measure(ctx, test, probability)
        ctx.tracker.log_params(
            CHURN,
            config.model_dump(exclude={"intended_use"})
            | {"as_of": as_of, "origins": ", ".join(map(str, origins))}
            | {"training_rows": len(training), "test_rows": len(test)},
        )
    return conclude(
        ctx,
        CHURN,
        model,
        test[list(config.features)].head(5),
        predict="predict_proba",
        metrics=metrics,
        versions=versions,
        training_hash=digest,
        checked=Checked(quality_run, quality_report, drift_run, drift_report),
        criteria=CRITERIA,
        head_to_head=_head_to_head(ctx, test, metrics["auc"]),
        drift_policy=config.drift,
        scores=(
            f"AUC {metrics['auc']:.3f} (recency {metrics['recency.auc']:.3f}, "
            f"frequency {metrics['frequency.auc']:.3f})"
        ),
    )


def _labelled(daily: DataFrame, rows: DataFrame, config: ChurnConfig) -> pd.DataFrame:
    key = gold.CUSTOMER_FEATURES.key
    labels = churn_labels(daily, rows, config.horizon_days)
    numbers = [*(column.name for column in gold.FEATURES), CHURNED]
    return to_pandas(rows.join(labels, list(key)), key, numbers, seed=config.seed)


def _measure(
    ctx: Context, test: pd.DataFrame, probability: NDArray[np.float64]
) -> dict[str, float]:
    """Score the model and its baselines on the same rows; keep the curves."""
    labels = test[CHURNED].to_numpy()
    baselines = baseline_scores(test)
    metrics = score_binary(labels, probability, probabilities=True).metrics()
    for name, scores in baselines.items():
        metrics |= score_binary(labels, scores, probabilities=False).metrics(f"{name}.")
    ranked = {"model": probability, **baselines}
    ctx.tracker.log_figure(roc_and_pr(labels, ranked), "plots/roc_and_pr.png")
    ctx.tracker.log_figure(calibration(labels, probability), "plots/calibration.png")
    ctx.tracker.log_figure(lift(labels, ranked), "plots/lift.png")
    return metrics


def _head_to_head(ctx: Context, test: pd.DataFrame, auc: float) -> HeadToHead | None:
    """Score the champion, if there is one, on the same rows."""
    champion = champion_of(ctx, CHURN)
    if champion is None:
        return None
    model, features = load_champion(champion)
    theirs = churn_probability(model, test, tuple(features))
    scored = score_binary(test[CHURNED].to_numpy(), theirs, probabilities=True)
    return HeadToHead("auc", auc, scored.auc, champion.version)
