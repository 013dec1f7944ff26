"""Stop training on failed data quality, and log the rejected records with their remedies."""

import io
import json
import sys
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import KEY_NOT_UNIQUE
from goldrun.contracts.remedies import columns_at_fault, remedy
from goldrun.contracts.verdict import Verdict
from goldrun.errors import QualityError, UnknownQualityError
from goldrun.jobs.context import Context, log
from goldrun.jobs.monitor import quality
from goldrun.medallion.refinement import Refined
from goldrun.medallion.source_columns import columns_of
from goldrun.monitoring.quality import QualityReport
from goldrun.monitoring.rejections import Rejections, nothing_accepted, rejections_of, sample_of

_WIDTH = 100
_LONGEST = 40
"""Characters of a value that are logged."""
_REMEDY_OF_RECORDS = (
    "Correct {name}.toml or the files by the advice of the table above, then run silver with "
    "remap=true; raise max_reject_share only if this share of rejected records is acceptable"
)
_REMEDY_OF_KEYS = (
    "Map the column that identifies a row in {name}.toml, or correct the files, then run silver "
    "with remap=true"
)
_REMEDY_OF_LAKE = (
    "Correct what the check names and run silver again; if records are lost, doubled or stray, "
    "restore the lake from a copy or build a new one"
)


def check_before_training(ctx: Context, report: QualityReport | None = None) -> QualityReport:
    """Raise an error if data quality fails, so that no model is trained.

    On failure, the report is recorded as the run ``data_quality``, and a table of the rejected
    records is logged.

    Args:
        ctx: The context; its tracker has an active run.
        report: Data quality of the lake; measured here if None.

    Returns:
        The report. Unknown quality does not stop training; the gate refuses such a model.

    Raises:
        QualityError: A check fails, or all transactions are rejected.
    """
    report = report or quality.measure(ctx)
    error = _failure(ctx, report)
    if error is not None:
        quality.run_nested(ctx, report)
        log_rejections(ctx, rejections_of(report))
        raise error
    return report


def raise_verdict(ctx: Context, report: QualityReport) -> None:
    """Raise the error, and so the exit code, that the verdict of a recorded report stands for.

    Raises:
        QualityError: A check fails, or all transactions are rejected.
        UnknownQualityError: There are no records to measure.
    """
    error = _failure(ctx, report)
    if error is not None:
        log_rejections(ctx, rejections_of(report))
        raise error
    if report.verdict is Verdict.UNKNOWN:
        unknown = [check.name for check in report.checks if check.verdict is Verdict.UNKNOWN]
        raise UnknownQualityError(
            f"data quality of {ctx.source.name} is unknown, because there are no records "
            f"({'; '.join(unknown)}): load files that have rows, then run the same command again"
        )


def _failure(ctx: Context, report: QualityReport) -> QualityError | None:
    failed = [f"{c.name} ({c.detail})" for c in report.checks if c.verdict is Verdict.FAIL]
    if not failed and not nothing_accepted(report):
        return None
    name = ctx.source.name
    what = "; ".join(failed) or "all transactions are in quarantine"
    advice = _advice(ctx, report).format(name=name)
    return QualityError(f"data quality of {name} fails, nothing is trained: {what}. {advice}")


def _advice(ctx: Context, report: QualityReport) -> str:
    rejected = rejections_of(report)
    most = ctx.source.max_reject_share
    if nothing_accepted(report) or any(each.share > most for each in rejected):
        return _REMEDY_OF_RECORDS
    if any(each.reasons.get(KEY_NOT_UNIQUE) for each in rejected):
        return _REMEDY_OF_KEYS
    return _REMEDY_OF_LAKE


def check_run(ctx: Context, refined: Mapping[str, Refined]) -> None:
    """Raise an error if this run rejected too many of the records that it validated.

    Args:
        ctx: The context.
        refined: Counts of the records that this run validated, by entity.

    Raises:
        QualityError: An entity's share of rejected records exceeds ``max_reject_share``, or all
            transactions are rejected; the table of reasons is logged.
    """
    above = _above_share(ctx, refined)
    if not above:
        return
    what = "; ".join(_share_of(ctx, each) for each in above)
    advice = _REMEDY_OF_RECORDS.format(name=ctx.source.name)
    log_rejections(ctx, above)
    raise QualityError(f"no model is trained with what this run read: {what}. {advice}")


def log_above_share(ctx: Context, refined: Mapping[str, Refined]) -> None:
    """Log the rejections of the entities that exceed ``max_reject_share``."""
    above = _above_share(ctx, refined)
    for each in above:
        log.warning("    %s", _share_of(ctx, each))
    log_rejections(ctx, above)


def _above_share(ctx: Context, refined: Mapping[str, Refined]) -> list[Rejections]:
    """Return the rejections of the entities that exceed ``max_reject_share``."""
    rejected = [Rejections(e, r.records, r.quarantined, r.rejected) for e, r in refined.items()]
    return [each for each in rejected if each.is_too_much(ctx.source.max_reject_share)]


def _share_of(ctx: Context, rejected: Rejections) -> str:
    share = f"{rejected.entity}: {rejected.share:.1%} of {rejected.records:,} records are rejected"
    most = ctx.source.max_reject_share
    return share + (f", more than max_reject_share = {most:g}" if rejected.share > most else "")


def log_rejections(ctx: Context, rejections: Sequence[Rejections]) -> None:
    """Log a table: the most frequent reasons of each entity, with share, sample and remedy."""
    if not rejections:
        return
    page = io.StringIO()
    console = Console(file=page, width=_WIDTH, force_terminal=sys.stderr.isatty())
    console.print(_table(ctx, rejections))
    for line in page.getvalue().splitlines():
        log.warning("%s", line)


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
            detail = f"{_sample(ctx, one.entity, reason)}\n→ {advice}"
            table.add_row(f"  {reason}", f"{records:,}", share, _plain(detail))
    return table


def _plain(text: str) -> str:
    """Escape brackets, which rich reads as markup."""
    return text.replace("[", r"\[")


def _sample(ctx: Context, entity: str, reason: str) -> str:
    """Describe one rejected record: its file and the raw values that the reason refers to.

    Values are limited to ``columns_shown``. A malformed line is not shown.
    """
    rows = sample_of(ctx.lake.read(lineage.QUARANTINE.name), entity, reason).collect()
    if not rows:
        return "no record with this reason is left in quarantine"
    record = json.loads(rows[0][lineage.RECORD] or "{}")
    shown = [f"{name} = {_short(record.get(name))}" for name in columns_shown(ctx, entity, reason)]
    return f"{', '.join(shown) or 'values are not shown'}, in {rows[0][lineage.FILE]}"


def columns_shown(ctx: Context, entity: str, reason: str) -> list[str]:
    """Return the file columns whose values may be logged for a reason.

    These are the columns that the expressions of the contract columns at fault read, without
    those that a personal column or ``customer_id`` is computed from.
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
