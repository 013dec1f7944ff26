"""Verify ledger, signatures, evidence, files and alias of models, and write it as a page."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from goldrun.learning.models import MODELS, check_name
from pipelines._command import run_alone
from pipelines._console import show
from pipelines._options import parser


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    declared.add_argument(
        "--model", default="", help=f"one of {', '.join(MODELS)} (default: all of the source)"
    )
    declared.add_argument(
        "--at", default="", help="a time, as 2026-01-31T12:00 (UTC): which version was champion?"
    )
    declared.add_argument(
        "--known", default="", help="hashes of entries that earlier audits have shown, with commas"
    )
    declared.add_argument(
        "--page", default="audit.html", help="the HTML file to write (default: %(default)s)"
    )
    return declared


def work(given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.io.tracking.runs import Tracker
    from goldrun.io.tracking.store import check_exists
    from goldrun.jobs.audit import audit
    from goldrun.jobs.context import Context
    from goldrun.jobs.session import opened_lake

    order = audit.Order(
        model=check_name(given.model) if given.model else "",
        at=audit.time_of(given.at),
        page=given.page,
        known=tuple(one.strip() for one in given.known.split(",") if one.strip()),
    )
    check_exists()
    tracker = Tracker()
    with opened_lake(given) as (lake, source):
        audit.run(Context(lake, tracker, source, datetime.now(UTC)), order, show)


if __name__ == "__main__":
    sys.exit(run_alone(options(), work))
