"""Compare current features with the training rows of a champion, feature by feature."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import FEATURE_DRIFT
from pipelines._command import run_script
from pipelines._options import add_as_of, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "date of the current features (default: the day after the observed end)")
    declared.add_argument("--model", default="churn", help="name of a registered model")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Check drift."""
    from goldrun.jobs.monitor import drift

    drift.run(ctx, given.model, given.as_of)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, FEATURE_DRIFT))
