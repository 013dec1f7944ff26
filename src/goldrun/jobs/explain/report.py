"""The explanation of a record, as lines for the console: it has values of persons."""

import io
import sys
from collections.abc import Iterator

from rich import box
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from goldrun.contracts.quarantine_reasons import reject_reasons, warn_reasons
from goldrun.contracts.remedies import remedy
from goldrun.contracts.source import Source
from goldrun.jobs.explain.explain import PENDING, Explained
from goldrun.medallion.explanation import Mapped
from goldrun.medallion.quarantine import ERASED, OPEN

_WIDTH = 120
_NOTHING = "nothing"


def lines_of(explained: Explained, source: Source) -> Iterator[str]:
    """Yield the raw record, each column's expression and value, and the rules that it breaks."""
    page = io.StringIO()
    console = Console(file=page, width=_WIDTH, force_terminal=sys.stdout.isatty(), highlight=False)
    for part in _parts(explained, source):
        console.print(part)
    yield from page.getvalue().splitlines()


def _parts(one: Explained, source: Source) -> Iterator[RenderableType]:
    yield (
        f"[bold]{one.entity}[/]: record {one.record_id}, row {one.row:,} of {escape(one.file)}, "
        f"ingested {one.ingested_at:%Y-%m-%d %H:%M} UTC"
    )
    yield _raw(one)
    if one.malformed is None and one.record:
        yield _mapping(one)
    yield from _fate(one)
    yield from _reasons(one, source)


def _raw(one: Explained) -> RenderableType:
    if one.malformed is not None:
        return f"  malformed line: {escape(repr(one.malformed))}"
    if not one.record:
        return "  its text was erased" if one.fate == ERASED else "  it has no text"
    table = _table("raw record", "file column", "text")
    for name, value in one.record.items():
        table.add_row(escape(name), _NOTHING if value is None else escape(repr(value)))
    return table


def _mapping(one: Explained) -> Table:
    table = _table("mapping", "column", "expression", "gives", "value", "fault")
    for column in one.mapping.columns:
        table.add_row(*_cells(column))
    return table


def _cells(column: Mapped) -> tuple[str, ...]:
    default = " (default)" if column.is_default and column.expression else ""
    given = _NOTHING if column.text is None else repr(column.text)
    value = _NOTHING if column.value is None else column.value
    expression = f"{column.expression}{default}" or "not mapped"
    gives = "" if column.is_default else given
    return tuple(map(escape, (column.column, expression, gives, value, ", ".join(column.faults))))


def _fate(one: Explained) -> Iterator[str]:
    meaning = {
        OPEN: "in quarantine",
        PENDING: "no fate yet: run silver",
        "superseded": "superseded: a newer version of its key is in silver",
        "duplicate": f"duplicate of record {one.kept}",
    }
    yield f"\nfate: {meaning.get(one.fate, one.fate)}"


def _reasons(one: Explained, source: Source) -> Iterator[str]:
    table = source.contract(one.entity)
    described = {each.name: each.description for each in table.references}
    descriptions = described | warn_reasons(table) | reject_reasons(table)
    holds = {rule.name: rule.holds for rule in table.rules}
    rejecting = [*one.reasons, *one.mapping.reasons]
    for reason in dict.fromkeys([*rejecting, *filter(None, [one.rule])]):
        current = " (by the current settings)" if reason in rejecting else " (a warning)"
        when = "" if reason in one.reasons else current
        yield f"  [bold]{escape(reason)}[/]{when}: {escape(descriptions.get(reason, ''))}"
        if reason in holds:
            yield f"    must hold: {escape(holds[reason])}"
        if advice := remedy(table, one.entity, reason):
            yield f"    → check in {escape(source.name)}.toml: {escape(advice)}"
    if one.fate == OPEN and not one.mapping.reasons:
        yield (
            "  by itself the record keeps all rules now: what it refers to may be missing, or run "
            "silver with replay=true"
        )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
