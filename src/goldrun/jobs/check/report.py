"""The report of a check, as lines for the console: it has ids and values of persons."""

import io
import sys
from collections.abc import Iterator

from rich import box
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.entities import MONEY as MONEY_TYPE
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import RECORD_MALFORMED
from goldrun.contracts.remedies import columns_at_fault, remedy
from goldrun.errors import QualityError, listed
from goldrun.features.catalog.feature_tables import ALL_FEATURES
from goldrun.features.observed_end import describe_after
from goldrun.jobs.check.check import Checked
from goldrun.jobs.names import RUN_COMMAND
from goldrun.medallion.source_columns import columns_of
from goldrun.monitoring.preview import Preview, Range, Sample

_TRANSACTIONS = "transactions"
_WIDTH = 110
_LONGEST = 60
"""Characters of a value that are shown."""


def lines_of(checked: Checked) -> Iterator[str]:
    """Yield the report: outcomes, reasons, ranges, customers, features, and the next command."""
    page = io.StringIO()
    console = Console(file=page, width=_WIDTH, force_terminal=sys.stdout.isatty(), highlight=False)
    for part in _parts(checked):
        console.print(part)
    yield from page.getvalue().splitlines()


def raise_too_many(checked: Checked) -> None:
    """Raise the error with which a run of these rows stops before training.

    Raises:
        QualityError: More than ``max_reject_share`` of an entity's rows are rejected, or all
            transactions are.
    """
    most = checked.source.max_reject_share
    above = [
        f"{name}: {each.rejections.share:.1%} of {each.records:,} rows are rejected"
        for name, each in checked.previews.items()
        if each.rejections.is_too_much(most)
    ]
    if above:
        raise QualityError(
            f"a run would stop before training: {'; '.join(above)}, and max_reject_share is "
            f"{most:g}. Correct {checked.source.name}.toml or the files by the advice above, then "
            "check again"
        )


def _parts(checked: Checked) -> Iterator[RenderableType]:
    yield _head(checked)
    for entity, each in checked.previews.items():
        yield _outcomes(checked, each)
        if each.rejections.rejected:
            yield _reasons(checked, each)
        yield _ranges(each)
        yield from _notes(checked, entity)
    yield from _activity(checked)
    name, argument = checked.source.name, checked.source.argument
    yield (f"\nNext: {RUN_COMMAND} -P source={escape(argument)} -P lake={escape(name)}-lake")


def _head(checked: Checked) -> str:
    files = sum(len(each.files) for each in checked.sampled.values())
    return (
        f"[bold]{escape(checked.source.name)}[/]: at most the first {checked.rows:,} rows of each "
        f"of {files} files; no lake is written"
    )


def _outcomes(checked: Checked, each: Preview) -> Table:
    """Make the table of outcomes of an entity's rows that a check prints."""
    table = _table(f"{each.entity}: {each.records:,} rows", "outcome", "rows", "share")
    for outcome, rows in each.outcomes.items():
        share = f"{rows / each.records:.1%}" if each.records else ""
        table.add_row(outcome, f"{rows:,}", share)
    return table


def _reasons(checked: Checked, each: Preview) -> Table:
    table = _table("", "most frequent reasons", "rows", "share", "first row, and what to check")
    for reason, rows in each.rejections.most_frequent():
        advice = remedy(ENTITIES[each.entity], each.entity, reason) or "docs/data-model.md"
        shown = _sample(checked, each, reason, each.samples[reason])
        share = f"{rows / each.records:.1%}"
        table.add_row(reason, f"{rows:,}", share, escape(f"{shown}\n→ {advice}"))
    return table


def _sample(checked: Checked, each: Preview, reason: str, sample: Sample) -> str:
    place = f"row {sample.row:,} of {sample.file}"
    if reason == RECORD_MALFORMED:
        return place
    expressions = checked.source.with_files[each.entity].columns
    at_fault = columns_at_fault(ENTITIES[each.entity], reason)
    chosen = {name: expressions[name] for name in at_fault if name in expressions}
    read = columns_of(checked.source, each.entity, chosen)
    values = [f"{name} = {_value(sample.record.get(name))}" for name in read]
    return ", ".join([*values, place])


def _value(value: str | None) -> str:
    if value is None:
        return "nothing"
    return repr(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")


def _ranges(each: Preview) -> Table:
    """Make the table of ranges that a check prints; a column without any value has no row."""
    table = _table("", "accepted rows", "smallest", "largest", "without a value")
    for one in each.ranges:
        if one.smallest is not None:
            table.add_row(
                one.column.name,
                *(_plain(one, one.smallest), _plain(one, one.largest)),
                f"{one.missing:,}",
            )
    return table


def _plain(one: Range, value: str) -> str:
    """Return a value without the zeros after its last decimal."""
    if one.column.type == MONEY_TYPE and "." in value:
        return value.rstrip("0").rstrip(".")
    return value


def _notes(checked: Checked, entity: str) -> Iterator[str]:
    sampled = checked.sampled[entity]
    if sampled.cut:
        yield f"  further rows were not read of {escape(listed(sampled.cut, 3))}"
    if sampled.ignored:
        ignored = listed(map(str, sampled.ignored), 3)
        yield f"  ignored because of their names: {escape(ignored)}"
    yield from _unchecked(checked, entity)


def _unchecked(checked: Checked, entity: str) -> Iterator[str]:
    """Yield a line for each reference whose parents may be among the rows that were not read."""
    source, sampled = checked.source, checked.sampled
    derives = source.derives_any
    for reference in ENTITIES[entity].references:
        parents = {reference.entity}
        if reference.entity == "customers" and derives:
            # A transaction makes its customer, so its own reference always holds.
            parents = parents | {_TRANSACTIONS} if entity != _TRANSACTIONS else set()
        cut = [name for name in sorted(parents) if name in sampled and sampled[name].cut]
        if cut:
            rows = " and ".join(cut)
            yield f"  {reference.name} is not checked: not all rows of {rows} were read"


def _activity(checked: Checked) -> Iterator[RenderableType]:
    history = checked.history
    yield f"\n[bold]{checked.customers:,} customers[/]"
    if history is None:
        yield "  no activity, so there are no features"
        return
    yield f"  days from {history.observed_from} to {history.observed_until} ({checked.source.zone})"
    if history.after_the_end:
        yield f"  {describe_after(history.after_the_end)} after the end of the shop's usual rhythm"
    if checked.features:
        yield _features(checked)


def _features(checked: Checked) -> Table:
    ids = [row[CUSTOMER_ID] for row in checked.features]
    title = f"features as of {checked.features[0][gold.AS_OF]} of those with most transactions"
    table = _table(title, "feature", *map(str, ids))
    for feature in ALL_FEATURES:
        values = [row[feature.name] for row in checked.features]
        if any(value is not None for value in values):
            table.add_row(feature.name, *map(_number, values))
    return table


def _number(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}"
    return escape(str(value))


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    for column in columns:
        right = column in {"rows", "share", "smallest", "largest", "without a value"}
        table.add_column(escape(column), justify="right" if right else "left", overflow="fold")
    return table
