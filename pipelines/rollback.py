"""Make a version champion again that was champion before, by the ledger."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import EXPERIMENTS
from goldrun.learning.models import MODELS, check_name
from pipelines._command import run_script
from pipelines._options import add_version, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    declared.add_argument("--model", default="churn", help=f"one of {', '.join(MODELS)}")
    add_version(declared, "to", "the version (default: the champion before the current one)")
    declared.add_argument("--reason", required=True, help="why; the ledger records it")
    return declared


def experiment_of(given: argparse.Namespace) -> str:
    """Return the experiment of the model."""
    return EXPERIMENTS[check_name(given.model)]


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.promote import choose

    choose.roll_back(ctx, ctx.source.registered_name(given.model), given.to, given.reason)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "rollback", experiment_of))
