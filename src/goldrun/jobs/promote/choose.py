"""A champion that a person chooses: an earlier one, or a version that the ledger does not know."""

from collections.abc import Sequence
from dataclasses import replace

from goldrun.contracts.file_checksums import CHECKSUM_TAG
from goldrun.contracts.verdict import Verdict
from goldrun.errors import EvidenceError, ForeignModelError, SettingsError
from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.context import Context, log
from goldrun.jobs.promote import ledger
from goldrun.jobs.promote.agreement import complete_stopped
from goldrun.jobs.promote.champions import owner_of
from goldrun.jobs.promote.record import move_alias
from goldrun.jobs.promote.stored_evidence import read_evidence, version_named
from goldrun.registry.evidence import HASH_TAG
from goldrun.registry.history import champion_by, earlier_champion, was_champion
from goldrun.registry.ledger import Action, Entry, State
from goldrun.registry.owner import foreign


def roll_back(ctx: Context, name: str, to: int | None, why: str) -> int:
    """Make a version champion again that was champion before; return its number.

    Its files and its evidence must be those that it was promoted with. The current champion by the
    ledger may be given too, to take back a change of the alias by hand.

    Args:
        ctx: The context; its tracker has an active run.
        name: Registered name of the model.
        to: The version; the champion before the current one when None.
        why: The reason.

    Raises:
        SettingsError: There is no reason, or the version was never champion.
        LedgerError: The ledger was changed.
        EvidenceError, ModelFileError: The version is not the one that was promoted.
    """
    must_have_reason(why)
    with ledger.deciding(ctx):
        entries = complete_stopped(ctx, ledger.read_entries(ctx, name))
        entry = _earlier(entries, name, to)
        version = _existing(ctx, name, entry.to_version)
        if entry.evidence is not None:
            read_evidence(ctx, version, entry.evidence)
        load_champion(version)
        chosen = _chosen(ctx, version, Action.ROLLBACK, why, entries, entry.evidence)
        move_alias(ctx, entries, chosen)
    log.info("    %s version %s is champion again", name, version.version)
    return version.version


def adopt(ctx: Context, name: str, number: int | None, why: str) -> int:
    """Declare a version to be champion without the gate; return its number.

    It is recorded as forced. From its entry on the ledger is checked again: what was changed
    before is accepted, and an audit still names it.

    Args:
        ctx: The context; its tracker has an active run.
        name: Registered name of the model.
        number: The version; the one that has the alias ``champion`` when None.
        why: The reason.

    Raises:
        SettingsError: There is no reason, or no such version.
        ForeignModelError: The version belongs to another source or lake.
        ModelFileError: Its files are not those that were registered.
    """
    must_have_reason(why)
    with ledger.deciding(ctx):
        entries = ledger.stored_entries(ctx, name)
        version = _existing(ctx, name, number or _with_alias(ctx, name))
        if (reason := foreign(owner_of(ctx), version.tags)) is not None:
            raise ForeignModelError(
                f"model {name} version {version.version}: {reason}: it can't become champion here"
            )
        load_champion(version)
        evidence = _hash_if_valid(ctx, version)
        chosen = _chosen(ctx, version, Action.ADOPTION, why, entries, evidence)
        move_alias(ctx, entries, chosen)
    log.warning("    %s version %s is adopted as champion: %s", name, version.version, why)
    return version.version


def adopt_migrated(ctx: Context, name: str) -> None:
    """Record the champion of a migrated model, if the ledger has no entry of it yet."""
    with ledger.deciding(ctx):
        entries = ledger.stored_entries(ctx, name)
        champion = ctx.tracker.champion(name)
        if entries or champion is None or foreign(owner_of(ctx), champion.tags) is not None:
            return
        why = "its model had the name that all shops shared, before there was a ledger"
        chosen = _chosen(ctx, champion, Action.ADOPTION, why, entries, None)
        move_alias(ctx, entries, chosen)


def must_have_reason(why: str | None) -> None:
    """Raise a SettingsError if a person orders something without a reason."""
    if not (why or "").strip():
        raise SettingsError("give the reason with --reason: the ledger records it")


def _earlier(entries: Sequence[Entry], name: str, to: int | None) -> Entry:
    found = earlier_champion(entries) if to is None else was_champion(entries, to)
    if found is None:
        known = sorted({e.to_version for e in entries if e.state == State.DONE})
        champions = ", ".join(map(str, known)) or "none"
        what = (
            "no version was champion before" if to is None else f"version {to} was never champion"
        )
        raise SettingsError(f"{name}: {what}; champions by the ledger: {champions}")
    return found


def _existing(ctx: Context, name: str, number: int) -> Champion:
    version = version_named(ctx, name, number)
    if version is None:
        raise SettingsError(f"{name} has no version {number} in {ctx.tracker.uri}: give another")
    return version


def _with_alias(ctx: Context, name: str) -> int:
    found = ctx.tracker.champion(name)
    if found is None:
        raise SettingsError(f"no version of {name} has the alias champion: give one with --version")
    return found.version


def _hash_if_valid(ctx: Context, version: Champion) -> str | None:
    """Return the hash of a version's evidence; None if it has none that is valid."""
    try:
        read_evidence(ctx, version)
    except EvidenceError as error:
        log.warning("    %s", error)
        return None
    return version.tags[HASH_TAG]


def _chosen(
    ctx: Context,
    version: Champion,
    action: Action,
    why: str,
    entries: Sequence[Entry],
    evidence: str | None,
) -> Entry:
    before = ctx.tracker.champion(version.name)
    last = champion_by(entries)
    champion = before.version if before else None
    entry = ledger.refusal(ctx, version.name, version.version, version.run_id, champion)
    return replace(
        entry,
        action=action,
        evidence=evidence,
        checksum=version.tags.get(CHECKSUM_TAG),
        verdict=Verdict.UNKNOWN if action is Action.ADOPTION else Verdict.PASS,
        warnings=_warnings(last, champion),
        forced=action is Action.ADOPTION,
        why=why.strip(),
    )


def _warnings(last: Entry | None, alias: int | None) -> tuple[str, ...]:
    """Describe how the alias differed from the ledger before."""
    recorded = last.to_version if last else None
    if recorded == alias:
        return ()
    return (f"by the ledger version {recorded} was champion, and version {alias} had the alias",)
