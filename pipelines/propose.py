"""Look at a shop's files, and write a TOML file with the settings that read them."""

from __future__ import annotations

import argparse
import sys

from pipelines._command import run_alone
from pipelines._console import show


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = argparse.ArgumentParser(description=__doc__)
    declared.add_argument("--path", required=True, help="a file, a folder or a glob of exports")
    declared.add_argument("--name", default="", help="name of the source (default: of the path)")
    return declared


def work(given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.propose.propose import lines_of, propose

    show(lines_of(propose(given.path, given.name)))


if __name__ == "__main__":
    sys.exit(run_alone(options(), work))
