"""The workflow: raw files to bronze, silver and gold, then data quality and every model."""

import contextlib
import time
from collections.abc import Iterator
from datetime import date

from goldrun.errors import AsOfError
from goldrun.io.settings import load_model_config
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context, log
from goldrun.jobs.ingest import bronze
from goldrun.jobs.monitor import rejections
from goldrun.jobs.names import EXPERIMENTS
from goldrun.jobs.promote.champions import check_models
from goldrun.jobs.refine import mappings, silver
from goldrun.jobs.train import train
from goldrun.jobs.train.outcome import Outcome, refusal
from goldrun.jobs.workflow.summary import summary
from goldrun.learning.models import MODELS, load_model
from goldrun.monitoring.quality import QualityReport

_BEFORE_MODELS = 4
STAGES = _BEFORE_MODELS + len(MODELS)


def run(ctx: Context, as_of: date | None = None) -> None:
    """Run every stage in one process and one session, and log the summary.

    Args:
        ctx: The context.
        as_of: Test origin of the supervised models; their default when None.

    Raises:
        ForeignModelError: A champion in the store belongs to another source or lake.
        QualityError: Data quality fails, of the lake or of the records that this run read;
            nothing is trained.
        AsOfError: A model could not be trained; all other work is done before this is raised.
        NotPromotedError: The gate has refused a model for another reason than that it is no better
            than its baselines or champion; all work is done before this is raised.
    """
    started = time.monotonic()
    check_models(ctx, *MODELS)
    report = _prepare(ctx)
    outcomes: list[Outcome] = []
    failures: list[AsOfError] = []
    for number, name in enumerate(MODELS, _BEFORE_MODELS + 1):
        with stage(number, name):
            # A shop with too little history for one model can have another one.
            try:
                outcomes.append(_train(ctx, name, as_of, report))
            except AsOfError as error:
                log.error("    %s was not trained: %s", name, error)
                failures.append(error)
    log.info("\nFinished in %.0f s", time.monotonic() - started)
    for line in summary(ctx, report, outcomes):
        log.info("%s", line)
    if failures:
        raise failures[0]
    # A model that is no better than its baselines or champion is a result like any other.
    for outcome in outcomes:
        if not outcome.decision.promote and not outcome.decision.is_sound:
            raise refusal(outcome)


def _prepare(ctx: Context) -> QualityReport:
    """Write bronze, silver and gold, and measure data quality."""
    with stage(1, "bronze: raw records"):
        bronze.run(ctx)
    with stage(2, "silver: typed, validated, deduplicated"):
        refined = silver.run(ctx)
        mappings.report(ctx)
        rejections.log_reasons(ctx, refined)
    with stage(3, "gold: activity and features"):
        gold_tables.run(ctx)
    with stage(4, "data quality"):
        report = rejections.check_before_training(ctx)
        rejections.check_run(ctx, refined)
    return report


def _train(ctx: Context, name: str, as_of: date | None, report: QualityReport) -> Outcome:
    model = load_model(name)
    with ctx.tracker.run(name, EXPERIMENTS[name]):
        supervised = model.labels(load_model_config(name, model.settings)) is not None
        return train.train(ctx, name, as_of if supervised else None, report)


@contextlib.contextmanager
def stage(number: int, name: str) -> Iterator[None]:
    """Log the number and the name of the stage that begins."""
    log.info("[%s/%s] %s", number, STAGES, name)
    yield
