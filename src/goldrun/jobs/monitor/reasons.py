"""Log the rejected records of entities: most frequent reasons, samples and remedies."""

import io
import json
import sys
from collections.abc import Sequence

from pyspark.sql import Row
from rich import box
from rich.console import Console
from rich.table import Table

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.remedies import columns_at_fault, remedy
from goldrun.jobs.context import Context, log
from goldrun.jobs.names import RUN_COMMAND
from goldrun.medallion.source_columns import columns_of
from goldrun.monitoring.rejections import Rejections, sample_of

_WIDTH = 100
_LONGEST = 40
"""Characters of a value that are logged."""


def log_rejections(ctx: Context, rejections: Sequence[Rejections]) -> None:
    """Log a table: the most frequent reasons of each entity, with share, sample and remedy."""
    if not rejections:
        return
    page = io.StringIO()
    console = Console(file=page, width=_WIDTH, force_terminal=sys.stderr.isatty())
    console.print(_table(ctx, rejections))
    for line in page.getvalue().splitlines():
        log.warning("%s", line)
    _log_command(ctx, rejections)


def _log_command(ctx: Context, rejections: Sequence[Rejections]) -> None:
    """Log the command that explains a record with the first reason."""
    reasons = [(one.entity, reason) for one in rejections for reason, _ in one.most_frequent()]
    sample = _sample(ctx, *reasons[0]) if reasons else None
    if sample is not None:
        record = f"-P record={sample[lineage.RECORD_ID]}"
        command = f"{RUN_COMMAND} -e explain {ctx.options} {record}"
        log.warning("  The first of them, column by column: %s", command)


def _table(ctx: Context, rejections: Sequence[Rejections]) -> Table:
    table = Table(
        title="Rejected records, most frequent reasons", title_justify="left", box=box.SIMPLE_HEAD
    )
    table.add_column("entity, reason", ratio=3, overflow="fold")
    for name in ("records", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"a sample, and what to check in {ctx.source.name}.toml", ratio=5)
    for one in rejections:
        table.add_row(one.entity, f"{one.rejected:,}", f"{one.share:.1%}", "")
        for reason, records in one.most_frequent():
            share = f"{records / one.records:.1%}"
            advice = remedy(ENTITIES[one.entity], one.entity, reason) or "docs/data-model.md"
            detail = f"{_described(ctx, one.entity, reason)}\n→ {advice}"
            table.add_row(f"  {reason}", f"{records:,}", share, _plain(detail))
    return table


def _plain(text: str) -> str:
    """Escape brackets, which rich reads as markup."""
    return text.replace("[", r"\[")


def _described(ctx: Context, entity: str, reason: str) -> str:
    """Describe one rejected record: its file, its id and the raw values that the reason refers to.

    Values are limited to ``columns_shown``. A malformed line is not shown.
    """
    row = _sample(ctx, entity, reason)
    if row is None:
        return "no record with this reason is left in quarantine"
    record = json.loads(row[lineage.RECORD] or "{}")
    shown = [f"{name} = {_short(record.get(name))}" for name in columns_shown(ctx, entity, reason)]
    values = ", ".join(shown) or "values are not shown"
    return f"{values}, in {row[lineage.FILE]}, record {row[lineage.RECORD_ID]}"


def _sample(ctx: Context, entity: str, reason: str) -> Row | None:
    rows = sample_of(ctx.lake.read(lineage.QUARANTINE.name), entity, reason).collect()
    return rows[0] if rows else None


def columns_shown(ctx: Context, entity: str, reason: str) -> list[str]:
    """Return the file columns whose values may be logged with a reason for a rejection.

    These are what the expressions of the columns at fault read, without those that a personal
    column or ``customer_id`` is computed from. Empty for a reason about the whole record.
    """
    expressions = ctx.source.with_files[entity].columns
    at_fault = columns_at_fault(ENTITIES[entity], reason)
    read = columns_of(ctx.source, entity, {n: expressions[n] for n in at_fault if n in expressions})
    return [name for name in read if name not in _private(ctx, entity)]


def _private(ctx: Context, entity: str) -> set[str]:
    """Return the file columns that ``customer_id`` and personal columns are computed from."""
    found: set[str] = set()
    for name, mapping in ctx.source.entities.items():
        if entity in (name, mapping.derived_from):
            found |= set(columns_of(ctx.source, name, _personal_expressions(name, mapping)))
    return found


def _personal_expressions(entity: str, mapping: EntityMapping) -> dict[str, str]:
    private = {c.name for c in ENTITIES[entity].columns if c.personal} | {CUSTOMER_ID}
    return {name: sql for name, sql in mapping.columns.items() if name in private}


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
