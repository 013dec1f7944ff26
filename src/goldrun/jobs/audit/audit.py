"""Audit the models of a source: read, check, write the page, and fail if anything is found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from goldrun.contracts.promotions import PROMOTIONS
from goldrun.errors import AuditError, MissingTableError, SettingsError
from goldrun.io.output_files import PAGE, page_file, write_page
from goldrun.io.signing_keys import trusted_keys
from goldrun.io.tracking.errors import store_explained, without_password
from goldrun.jobs.audit.audited import Audited, AuditedModel
from goldrun.jobs.audit.page import page
from goldrun.jobs.audit.read import read_records
from goldrun.jobs.audit.report import counted, lines_of
from goldrun.jobs.context import Context, log, step
from goldrun.registry.audit import findings_of, unknown_hashes
from goldrun.registry.signatures import hex_of


@dataclass(frozen=True)
class Order:
    """What is to be audited.

    Attributes:
        model: Name of the model, such as ``churn``; all of the source when empty.
        at: Time at which to report the champion, UTC; None to omit it.
        page: File of the page.
        known: Hashes of entries that earlier audits have shown.
    """

    model: str = ""
    at: datetime | None = None
    page: str = "audit.html"
    known: tuple[str, ...] = ()


def run(ctx: Context, order: Order, show: Callable[[Sequence[str]], None]) -> None:
    """Audit models; nothing but the page is written.

    Args:
        ctx: The context; no run is needed.
        order: What is to be audited.
        show: Takes the lines of the result.

    Raises:
        AuditError: Something was found.
        MissingTableError: Neither the lake nor the store has anything to audit.
        SettingsError: The page can't be written there, a file of keys can't be used, or the time is
            in the future.
        TrackingError: The store does not answer.
    """
    file = page_file(order.page, ctx.lake.root)
    if order.at is not None and order.at > ctx.now:
        raise SettingsError(f"--at {order.at.isoformat()} is in the future: give an earlier time")
    audited = audit(ctx, order, [hex_of(key) for key in trusted_keys()])
    show(list(lines_of(audited)))
    write_page(file, page(audited, PAGE))
    log.info("The page is %s", file)
    if audited.findings:
        _fail(audited, str(file))


def audit(ctx: Context, order: Order, trusted: Sequence[str]) -> Audited:
    """Read and check the models.

    Args:
        ctx: The context.
        order: What is to be audited.
        trusted: Public keys that are trusted, in hexadecimal digits.
    """
    what = f"reading {ctx.lake.path(PROMOTIONS.name)} and the store"
    with step(what), store_explained():
        records = read_records(ctx, order.model)
    if all(record.is_empty for record in records):
        raise MissingTableError(
            f"there is nothing to audit: {ctx.lake.path(PROMOTIONS.name)} and "
            f"{without_password(ctx.tracker.uri)} have no entry and no version of "
            f"{', '.join(record.model for record in records)}: are --lake, --source and "
            "MLFLOW_TRACKING_URI right?"
        )
    return Audited(
        source=ctx.source.name,
        lake=ctx.lake.root,
        store=without_password(ctx.tracker.uri),
        models=[AuditedModel(record, findings_of(record, trusted)) for record in records],
        others=unknown_hashes(records, order.known),
        trusted=list(trusted),
        at=order.at,
        read_at=ctx.now,
    )


def _fail(audited: Audited, file: str) -> NoReturn:
    first = audited.findings[0]
    raise AuditError(f"{counted(audited.findings)} The first: {first}. All are in {file}")


def time_of(text: str) -> datetime | None:
    """Return the time of ``--at``; None for no text. Without a zone it is in UTC.

    Raises:
        SettingsError: It is no time.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"--at {text!r} is not a time: write it as 2026-01-31T12:00, in UTC, or with a zone as "
            "2026-01-31T12:00+01:00"
        ) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
