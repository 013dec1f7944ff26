"""Stop training on failed data quality, and log the rejected records with their remedies."""

from collections.abc import Mapping

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import KEY_NOT_UNIQUE
from goldrun.contracts.remedies import remedy
from goldrun.contracts.verdict import Verdict
from goldrun.errors import QualityError, UnknownQualityError
from goldrun.jobs.context import Context, log
from goldrun.jobs.monitor import quality
from goldrun.jobs.monitor.reasons import log_rejections
from goldrun.medallion.refinement import Refined
from goldrun.monitoring.quality import QualityReport
from goldrun.monitoring.rejections import Rejections, nothing_accepted, rejections_of

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
    """Return what to do about a failed quality check, by its cause."""
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
            transactions are rejected. ``log_reasons`` has logged why.
    """
    above = _above_share(ctx, refined)
    if not above:
        return
    what = "; ".join(_share_of(ctx, each) for each in above)
    advice = _REMEDY_OF_RECORDS.format(name=ctx.source.name)
    raise QualityError(f"no model is trained with what this run read: {what}. {advice}")


def log_reasons(ctx: Context, refined: Mapping[str, Refined]) -> None:
    """Log why this run rejected records: the most frequent reasons, and how to explain one.

    Args:
        ctx: The context.
        refined: Counts of the records that this run validated, by entity.
    """
    for each in _above_share(ctx, refined):
        log.warning("    %s", _share_of(ctx, each))
    log_rejections(ctx, _rejected(refined))
    for entity, counts in refined.items():
        for warning, count in sorted(counts.warned.items()):
            advice = remedy(ENTITIES[entity], entity, warning)
            emptied = f"{count:,} values are emptied"
            what = entity, warning, emptied, ctx.source.name, advice
            log.warning("    %s: %s: %s → check in %s.toml: %s", *what)


def _rejected(refined: Mapping[str, Refined]) -> list[Rejections]:
    found = [Rejections(e, r.records, r.quarantined, r.rejected) for e, r in refined.items()]
    return [each for each in found if each.rejected]


def _above_share(ctx: Context, refined: Mapping[str, Refined]) -> list[Rejections]:
    """Return the rejections of the entities that exceed ``max_reject_share``."""
    most = ctx.source.max_reject_share
    return [each for each in _rejected(refined) if each.is_too_much(most)]


def _share_of(ctx: Context, rejected: Rejections) -> str:
    share = f"{rejected.entity}: {rejected.share:.1%} of {rejected.records:,} records are rejected"
    most = ctx.source.max_reject_share
    return share + (f", more than max_reject_share = {most:g}" if rejected.share > most else "")
