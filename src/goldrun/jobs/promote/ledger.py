"""The ledger ``ops/promotions`` of a lake: read with its checks, and appended to.

The lake has the ledger, and the registry has the alias. So that neither can be replaced alone, a
tag of the registered model has the hash of the newest entry, and during an append that of the next
one as well.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from goldrun.contracts.promotions import MODEL, PROMOTIONS
from goldrun.contracts.verdict import Verdict
from goldrun.errors import LedgerError
from goldrun.io.machine import user_and_host
from goldrun.io.signing_keys import signing_key, trusted_keys
from goldrun.io.tracking import registered_models
from goldrun.jobs.context import Context
from goldrun.jobs.names import RUN_COMMAND
from goldrun.registry.ledger import HEAD, Action, Entry, State, breaks_of, chained
from goldrun.registry.signatures import doubts_of, hex_of, signed

_BEGIN = "-"
"""Stands in the tag for the entry before the first."""
_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""


@contextlib.contextmanager
def deciding(ctx: Context) -> Iterator[None]:
    """Exclude other decisions on the lake's models, from reading the champion to the alias.

    Other processes of goldrun are also kept from a local store; a server is not locked.
    """
    with ctx.lake.writing(PROMOTIONS.name, wait_seconds=120), ctx.tracker.alone():
        yield


def stored_entries(ctx: Context, name: str) -> list[Entry]:
    """Return all entries of a registered model by number, as they are, without any check.

    Raises:
        LedgerError: A row is not what goldrun writes.
    """
    rows = ctx.lake.rows_where(PROMOTIONS, MODEL, name)
    try:
        found = [Entry.from_row(row) for row in rows]
    except (TypeError, ValueError) as error:
        raise LedgerError(
            f"{ctx.lake.path(PROMOTIONS.name)} has a row of {name} that goldrun has not written "
            f"({error}): {_audit(ctx)}, and restore the table"
        ) from error
    return sorted(found, key=lambda entry: entry.number)


def read_entries(ctx: Context, name: str) -> list[Entry]:
    """Return all entries of a registered model by number, after checking their chain.

    Entries before the newest adoption are not checked: by it a person has accepted their state.
    Where a key is known, entries after a signed one must be signed with it.

    Raises:
        LedgerError: An entry was changed, removed or added, or the registry's tag does not have
            the newest one.
    """
    entries = stored_entries(ctx, name)
    head = registered_models.tag_of(ctx.tracker.client, name, HEAD)
    if problem := _problem(entries, head):
        raise LedgerError(
            f"the ledger of {name} ({ctx.lake.path(PROMOTIONS.name)}) is not as it was written: "
            f"{problem}; {_remedy(ctx, name)}"
        )
    return entries


def _problem(entries: Sequence[Entry], head: str) -> str:
    """Return how the ledger is not as it was written; empty if it is."""
    since = _newest_adoption(entries)
    if broken := breaks_of(entries, since=since):
        return broken[0]
    newest = entries[-1].hash if entries else _BEGIN
    if not entries and not head:
        return ""
    trusted = [hex_of(key) for key in trusted_keys()]
    if broken_signatures := [d for d in doubts_of(entries[since:], trusted) if d.is_broken]:
        return f"entry {broken_signatures[0].number}: {broken_signatures[0].found}"
    if newest not in head.split():
        what = f"entry {entries[-1].number} is the newest" if entries else "it has no entry"
        return f"{what}, and the tag {HEAD} of the registered model has another ({head or 'none'})"
    return ""


def _newest_adoption(entries: Sequence[Entry]) -> int:
    found = [i for i, entry in enumerate(entries) if entry.action == Action.ADOPTION]
    return found[-1] if found else 0


def adoption(ctx: Context, model: str) -> str:
    """Return the command by which a person declares a version of a model to be champion."""
    version = f"-P model={model} -P adopt=true -P version= -P reason="
    return f"{RUN_COMMAND} -e promote {ctx.options} {version}"


def _audit(ctx: Context) -> str:
    return f"find out who changed it ({RUN_COMMAND} -e audit {ctx.options})"


def _remedy(ctx: Context, name: str) -> str:
    model = name.removeprefix(ctx.source.registered_name(""))
    return (
        f"{_audit(ctx)}, and restore the table or the tag. If that is not possible, declare a "
        f"version to be champion: {adoption(ctx, model)}"
    )


def append(ctx: Context, entries: Sequence[Entry], entry: Entry) -> list[Entry]:
    """Append an entry to the ledger within ``deciding``; return all entries.

    Args:
        ctx: The context.
        entries: The model's entries so far.
        entry: The new entry, without number, hash and time.

    Raises:
        LedgerError: The clock is behind that of the newest entry.
    """
    timed = replace(entry, recorded_at=_time_after(ctx, entries))
    new = signed(chained(timed, entries), signing_key())
    before = entries[-1].hash if entries else _BEGIN
    client = ctx.tracker.client
    registered_models.set_tag(client, new.model, HEAD, f"{before} {new.hash}")
    ctx.lake.append(PROMOTIONS, ctx.lake.frame(PROMOTIONS, [new.to_row()]))
    registered_models.set_tag(client, new.model, HEAD, new.hash)
    return [*entries, new]


def _time_after(ctx: Context, entries: Sequence[Entry]) -> datetime:
    """Return the current time, or one just after the newest entry if clocks differ a little."""
    now = ctx.clock()
    newest = entries[-1].recorded_at if entries else now
    if now < newest - _CLOCKS_DIFFER:
        raise LedgerError(
            f"the clock of this machine shows {now:%Y-%m-%d %H:%M:%S} UTC, before the newest entry "
            f"of the ledger at {newest:%Y-%m-%d %H:%M:%S} UTC: set the clock, then run the same "
            "command again; nothing was recorded or promoted"
        )
    return max(now, newest + timedelta(microseconds=1)) if entries else now


def refusal(
    ctx: Context, name: str, version: int, training_run: str, champion: int | None
) -> Entry:
    """Return the entry of a refused version without evidence; callers replace what differs.

    Args:
        ctx: The context; its tracker has an active run.
        name: Registered name of the model.
        version: The version that is decided on.
        training_run: Its training run.
        champion: Version that has the alias now; None if none has.
    """
    user, host = user_and_host()
    return Entry(
        model=name,
        number=0,
        recorded_at=ctx.now,
        action=Action.PROMOTION,
        state=State.REFUSED,
        from_version=champion,
        to_version=version,
        training_run=training_run,
        evidence=None,
        checksum=None,
        verdict=Verdict.UNKNOWN,
        reasons=(),
        warnings=(),
        test_origin=None,
        compared_with=None,
        comparison={},
        forced=False,
        why=None,
        user_name=user,
        host=host,
        run=ctx.tracker.run_id,
    )
