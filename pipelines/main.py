"""Everything: raw files to bronze, silver and gold, then quality, drift, models and the gate."""

import argparse
import sys
from datetime import date

from pipelines import bronze, churn, gold, quality, segmentation, silver
from pipelines._command import Context, add_as_of, log, parser, run_script
from pipelines._summary import summary


def run(ctx: Context, as_of: date | None = None) -> None:
    """Run every step in one process and one Spark session, and print the summary.

    Args:
        ctx: The context.
        as_of: Test origin of churn; the latest with a complete label window when None.
    """
    bronze.run(ctx)
    silver.run(ctx)
    gold.run(ctx)
    report = quality.measure(ctx)
    with ctx.tracker.run(churn.MODEL, churn.EXPERIMENT):
        churned = churn.train(ctx, as_of, report)
    with ctx.tracker.run(segmentation.MODEL, segmentation.EXPERIMENT):
        segmented = segmentation.train(ctx, report=report)
    for line in summary(ctx, report, [churned, segmented]):
        log.info("%s", line)


def _work(ctx: Context, options: argparse.Namespace) -> None:
    run(ctx, options.as_of)


if __name__ == "__main__":
    arguments = parser(__doc__)
    add_as_of(arguments, "test origin of churn (default: the latest with complete labels)")
    sys.exit(run_script(arguments, _work, "workflow"))
