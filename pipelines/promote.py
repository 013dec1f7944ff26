"""Let the gate decide on a registered version; by default on the newest challenger."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import EXPERIMENTS
from goldrun.learning.models import MODELS, check_name
from pipelines._command import run_script
from pipelines._options import add_flag, add_version, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    declared.add_argument("--model", default="churn", help=f"one of {', '.join(MODELS)}")
    add_version(
        declared, "version", "the version (default: the challenger; to adopt: the champion)"
    )
    add_flag(declared, "dry-run", "decide only: nothing is recorded or changed")
    add_flag(declared, "force", "promote although the gate refuses, which is recorded as forced")
    add_flag(declared, "adopt", "declare a version champion that the ledger does not know")
    declared.add_argument("--reason", default="", help="why; needed to force or to adopt")
    return declared


def experiment_of(given: argparse.Namespace) -> str:
    """Return the experiment of the model."""
    return EXPERIMENTS[check_name(given.model)]


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.promote import choose, promote
    from goldrun.jobs.promote.decide import Order

    if given.adopt:
        choose.adopt(ctx, ctx.source.registered_name(given.model), given.version, given.reason)
        return
    order = Order(dry_run=given.dry_run, force=given.force, why=given.reason)
    promote.run(ctx, given.model, given.version, order)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "promote", experiment_of))
