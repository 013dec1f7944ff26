"""Follow a source: rows, messages or files as they come, from bronze to fresh gold."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.stream.limits import Limits, limits_of
from pipelines._command import run_script
from pipelines._options import add_flag, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    known, declared = Limits(), parser(__doc__, only_spark=True)
    add_flag(declared, "available-now", "read the available input, then end (default: false)")
    for name, meaning in {
        "duration": "seconds after which to end (default: none)",
        "max-rows": "records after which to end, files whole (default: none)",
        "batch-rows": f"Kafka messages in a micro-batch, at most (default: {known.batch_rows})",
        "every": f"seconds between two micro-batches, at least (default: {known.every:g})",
        "compact-every": f"seconds between two compactions (default: {known.compact_every:g})",
    }.items():
        declared.add_argument(f"--{name}", default="", help=meaning)
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.stream import stream

    stream.run(ctx, limits_of(given))


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "stream", streams=True))
