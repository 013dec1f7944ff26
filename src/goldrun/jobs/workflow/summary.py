"""The summary that ends the workflow: tables, verdicts, models."""

import io
import sys
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from goldrun.contracts.entities import CUSTOMERS
from goldrun.contracts.verdict import Verdict
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES, USER_FEATURES
from goldrun.features.observed_end import describe_after
from goldrun.io.tracking.errors import without_password
from goldrun.io.tracking.store import is_default
from goldrun.jobs.context import Context
from goldrun.jobs.train.outcome import Outcome
from goldrun.learning.models import MODELS, load_model
from goldrun.monitoring.quality import QualityReport

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.UNKNOWN: "yellow"}
_WIDTH = 100
_TABLES = (
    CUSTOMERS,
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    USER_FEATURES,
)


def summary(ctx: Context, report: QualityReport, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of the summary: tables, verdicts, models, and how to open the store."""
    page = io.StringIO()
    console = Console(file=page, width=_WIDTH, force_terminal=sys.stderr.isatty())
    console.print()
    console.print(_rows(ctx, report))
    console.print(_verdicts(report, outcomes))
    console.print(_models(ctx, outcomes))
    for outcome in outcomes:
        result = f"{outcome.model} version {outcome.version}: {outcome.decision}"
        console.print(f"  {result}", highlight=False, markup=False)
    console.print()
    console.print(f"Look closer: {where_to_look(ctx.tracker.uri)}", soft_wrap=True)
    console.print(
        f"  runs and models: {without_password(ctx.tracker.uri)}\n  tables: {ctx.lake.root}",
        soft_wrap=True,
    )
    yield from page.getvalue().splitlines()


def where_to_look(store: str) -> str:
    """Return how to open the pages of a store: its address, or the command that serves it."""
    if store.startswith(("http://", "https://")):
        return f"open {without_password(store)}"
    named = "" if is_default(store) else f" --backend-store-uri {without_password(store)}"
    return (
        f"[bold]mlflow ui{named}[/bold] (after: source .venv/bin/activate), "
        "then open http://127.0.0.1:5000"
    )


def _rows(ctx: Context, report: QualityReport) -> Table:
    table = _table("Rows", "layer", "table", "rows", "")
    for entity, account in report.accounts.items():
        closed = "closed" if account.closed else "NOT CLOSED"
        table.add_row("bronze", entity, f"{account.records:,}", f"accounting {closed}")
        for fate, records in account.fates.items():
            if records:
                share = records / account.records
                table.add_row("", f"  {fate}", f"{records:,}", f"{share:.1%} of the records")
    if report.after_the_end:
        what = describe_after(report.after_the_end)
        rows = f"{sum(report.after_the_end.values()):,}"
        table.add_row("silver", "transactions after the end", rows, what)
    for name in (*(one.name for one in _TABLES), *_published()):
        if ctx.lake.exists(name):
            layer, short = name.split("/")
            version = f"Delta version {ctx.lake.version(name)}"
            table.add_row(layer, short, f"{ctx.lake.read(name).count():,}", version)
    return table


def _published() -> list[str]:
    """Return the names of the tables that the champions of all models fill."""
    publications = [load_model(name).publication for name in MODELS]
    return [one.table.name for one in publications if one is not None]


def _verdicts(report: QualityReport, outcomes: Sequence[Outcome]) -> Table:
    table = _table("Verdicts", "run", "verdict", "because")
    for check in report.checks:
        table.add_row("data_quality", _coloured(check.verdict), f"{check.name}: {check.detail}")
    for outcome in outcomes:
        drift = outcome.monitoring.drift
        evaluated = [f for f in drift.features if f.evaluated]
        moved = [f"{f.feature} PSI {f.psi:.2f}" for f in evaluated if f.psi is not None]
        table.add_row(
            f"feature_drift of {outcome.model}", _coloured(drift.verdict), ", ".join(moved)
        )
    return table


def _models(ctx: Context, outcomes: Sequence[Outcome]) -> Table:
    table = _table("Models", "model", "scores on the test rows", "version", "aliases")
    for outcome in outcomes:
        aliases = ctx.tracker.aliases(outcome.model)
        held = ", ".join(f"{alias} = {version}" for alias, version in sorted(aliases.items()))
        table.add_row(outcome.model, outcome.scores, str(outcome.version), held)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        right = column in {"rows", "version"}
        table.add_column(column, justify="right" if right else "left", no_wrap=column == "aliases")
    return table


def _coloured(verdict: Verdict) -> str:
    return f"[{_COLOURS[verdict]}]{verdict.upper()}[/]"
