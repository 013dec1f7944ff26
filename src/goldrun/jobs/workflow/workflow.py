"""Everything: raw files to bronze, silver and gold, then quality, drift, models and the gate."""

import contextlib
import time
from collections.abc import Iterator
from datetime import date

from goldrun.errors import AsOfError
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context, log
from goldrun.jobs.ingest import bronze
from goldrun.jobs.monitor import refusals
from goldrun.jobs.names import CHURN, CHURN_EXPERIMENT, SEGMENTATION, SEGMENTATION_EXPERIMENT
from goldrun.jobs.promote.champions import check_models
from goldrun.jobs.refine import silver
from goldrun.jobs.train import churn, segmentation
from goldrun.jobs.train.training import Outcome
from goldrun.jobs.workflow.summary import summary

STAGES = 6


def run(ctx: Context, as_of: date | None = None) -> None:
    """Run every stage in one process and one session, and print the summary.

    Args:
        ctx: The context.
        as_of: Test origin of churn; the latest with a complete label window when None.

    Raises:
        ForeignModelError: A champion in the store is another shop's.
        QualityError: Data quality fails, of the lake or of the records that this run brought;
            nothing is trained.
        AsOfError: Churn could not be trained; everything else is done before this is raised.
    """
    started = time.monotonic()
    check_models(ctx, CHURN, SEGMENTATION)
    with stage(1, "bronze: what the files say"):
        bronze.run(ctx)
    with stage(2, "silver: typed, ruled, deduplicated"):
        refined = silver.run(ctx)
    with stage(3, "gold: activity and features"):
        gold_tables.run(ctx)
    with stage(4, "data quality"):
        report = refusals.check_before_training(ctx)
        refusals.check_run(ctx, refined)
    outcomes: list[Outcome] = []
    refused: AsOfError | None = None
    with stage(5, "churn"):
        # A shop too young for labels can have segments; the command fails all the same.
        try:
            with ctx.tracker.run(CHURN, CHURN_EXPERIMENT):
                outcomes.append(churn.train(ctx, as_of, report))
        except AsOfError as error:
            log.error("    churn was not trained: %s", error)
            refused = error
    with stage(6, "segmentation"), ctx.tracker.run(SEGMENTATION, SEGMENTATION_EXPERIMENT):
        outcomes.append(segmentation.train(ctx, report=report))
    log.info("\nFinished in %.0f s", time.monotonic() - started)
    for line in summary(ctx, report, outcomes):
        log.info("%s", line)
    if refused is not None:
        raise refused


@contextlib.contextmanager
def stage(number: int, what: str) -> Iterator[None]:
    """Say how far the workflow is."""
    log.info("[%s/%s] %s", number, STAGES, what)
    yield
