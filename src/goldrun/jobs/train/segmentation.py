"""Group the customers by recency, frequency and spend, and write each one's segment to gold."""

import json
from datetime import date, timedelta

import pandas as pd
from pyspark.sql import DataFrame

from goldrun.contracts import gold
from goldrun.io.delta.compaction import compact_if_free
from goldrun.io.frames import to_pandas
from goldrun.io.settings import load_model_config
from goldrun.io.tracking.models import load_champion
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.aggregate.gold_tables import write_snapshots
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.monitor import drift, quality, refusals
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.promote.champions import champion_of, check_models
from goldrun.jobs.score.segments import NAMES, Scorer
from goldrun.jobs.time_zone import check_zone_of_gold
from goldrun.jobs.train.training import Checked, Outcome, behind, conclude, log_frame
from goldrun.learning.segment_names import profile
from goldrun.learning.segmentation import (
    SegmentationConfig,
    SegmentationFit,
    bootstrap_ari,
    fit_segments,
)
from goldrun.learning.segmentation_plots import choice_of_k, segment_profile
from goldrun.monitoring.drift import baseline_of
from goldrun.monitoring.quality import QualityReport
from goldrun.registry.gate import Criterion, HeadToHead


def train(ctx: Context, as_of: date | None = None, report: QualityReport | None = None) -> Outcome:
    """Train, measure, register and write ``gold/segments`` inside the active run.

    Args:
        ctx: The context.
        as_of: Date of the features; the day after the newest event when None.
        report: Data quality of the lake as it is, where it was just measured.

    Raises:
        QualityError: Data quality fails.
        AsOfError: Too few customers differ for as many segments.
    """
    check_models(ctx, SEGMENTATION)
    config = load_model_config(SEGMENTATION, SegmentationConfig)
    check_zone_of_gold(ctx)
    quality_report = refusals.check_before_training(ctx, report)
    history = history_of(ctx)
    as_of = history.check_features(as_of or history.day_after)
    earlier = as_of - timedelta(days=config.drift_reference_days)
    # A shop too young for the earlier date has no one then, which drift reports as unknown.
    write_snapshots(ctx, [d for d in (earlier, as_of) if d > history.observed_from])
    versions = behind(ctx)
    read_at = versions[gold.CUSTOMER_FEATURES.name]
    rows = drift.snapshot(ctx, as_of, version=read_at)

    quality_run = quality.run_beside(ctx, quality_report)
    drift.keep_baseline(ctx, rows, config.features)
    before = baseline_of(drift.snapshot(ctx, earlier, version=read_at), config.features)
    reference = (before, f"the features of {earlier}")
    drift_run, drift_report = drift.run_beside(ctx, config, SEGMENTATION, reference, rows)

    with step(f"segmentation: choosing from {config.k_min} to {config.k_max} segments"):
        numbers = [column.name for column in gold.FEATURES]
        frame = to_pandas(rows, gold.CUSTOMER_FEATURES.key, numbers, seed=config.seed)
        digest = log_frame(ctx, frame, read_at, "training")
        fit = fit_segments(config, frame)
        metrics = _measure(ctx, fit, frame)
        ctx.tracker.log_params(
            SEGMENTATION,
            config.model_dump(exclude={"intended_use"})
            | {"as_of": as_of, "k": fit.k, "training_rows": len(frame)},
        )
    outcome = conclude(
        ctx,
        SEGMENTATION,
        fit.model,
        frame[list(config.features)].head(5),
        predict="predict",
        metrics=metrics,
        versions=versions,
        training_hash=digest,
        checked=Checked(quality_run, quality_report, drift_run, drift_report),
        criteria=(
            Criterion("bootstrap_ari", at_least=config.min_stability),
            Criterion("smallest_share", at_least=config.min_share),
        ),
        head_to_head=_head_to_head(ctx, frame, config, metrics["bootstrap_ari"]),
        drift_policy=config.drift,
        scores=f"{fit.k} segments, bootstrap ARI {metrics['bootstrap_ari']:.3f}",
    )
    _write_segments(ctx, rows, as_of)
    return outcome


def _measure(ctx: Context, fit: SegmentationFit, frame: pd.DataFrame) -> dict[str, float]:
    """Keep what decided the number of segments, and who is in them."""
    described = profile(fit.names, fit.model.predict(frame[list(fit.config.features)]), frame)
    ctx.tracker.log_text(json.dumps(fit.names, indent=2), NAMES)
    ctx.tracker.log_table(described, "tables/segments.csv")
    ctx.tracker.log_figure(segment_profile(described), "plots/segments.png")
    ctx.tracker.log_figure(choice_of_k(fit), "plots/choice_of_k.png")
    for k in fit.stability:
        ctx.tracker.log_metrics(
            {
                f"k{k}.bootstrap_ari": fit.stability[k],
                f"k{k}.smallest_share": fit.smallest_share[k],
                f"k{k}.silhouette": fit.silhouette[k],
            }
        )
    return {
        "segments": float(fit.k),
        "bootstrap_ari": fit.stability[fit.k],
        "smallest_share": fit.smallest_share[fit.k],
        "silhouette": fit.silhouette[fit.k],
    }


def _head_to_head(
    ctx: Context, frame: pd.DataFrame, config: SegmentationConfig, stability: float
) -> HeadToHead | None:
    """Measure the champion, if there is one, on the same rows."""
    champion = champion_of(ctx, SEGMENTATION)
    if champion is None:
        return None
    model, features = load_champion(champion)
    theirs = bootstrap_ari(model, frame, config.model_copy(update={"features": tuple(features)}))
    return HeadToHead("bootstrap_ari", stability, theirs, champion.version)


def _write_segments(ctx: Context, rows: DataFrame, as_of: date) -> None:
    """Put every customer into the champion's segments; nothing without a champion."""
    # It follows no stream: a date of the past, or a new model, is no customer's change.
    scorer = Scorer()
    if not scorer.refresh(ctx):
        log.warning("    gold/segments is not written: there is no champion to score with")
        return
    with step("gold: segments"):
        scorer.score_everyone(ctx, rows, as_of)
        compact_if_free(ctx.lake, gold.SEGMENTS)
