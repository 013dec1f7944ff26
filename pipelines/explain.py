"""Explain one record: its text, each column's expression and value, and the rule that it breaks."""

from __future__ import annotations

import argparse
import sys

from goldrun.errors import SettingsError
from pipelines._command import run_alone
from pipelines._console import show
from pipelines._options import parser


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    declared.add_argument("--record", default="", help="record_id, as the log of silver names it")
    declared.add_argument("--rule", default="", help="or a rule: its newest record is explained")
    return declared


def work(given: argparse.Namespace) -> None:
    """Run the command with its options."""
    if bool(given.record) == bool(given.rule):
        raise SettingsError("give one of --record and --rule: which record to explain")
    from goldrun.jobs.explain import explain, report
    from goldrun.jobs.session import opened_lake

    with opened_lake(given) as (lake, source):
        if given.record:
            found = explain.explain_record(lake, source, given.record)
        else:
            found = explain.explain_rule(lake, source, given.rule)
        show(report.lines_of(found, source))


if __name__ == "__main__":
    sys.exit(run_alone(options(), work))
