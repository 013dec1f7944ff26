"""The champion by the alias and by the ledger: finished after a stop, and compared."""

from collections.abc import Sequence
from dataclasses import replace

from goldrun.errors import EvidenceError, LedgerError
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.versions import was_promoted
from goldrun.jobs.context import Context, log
from goldrun.jobs.names import RUN_COMMAND
from goldrun.jobs.promote.ledger import adoption, append, deciding, read_entries
from goldrun.jobs.promote.record import describe, give_alias
from goldrun.jobs.promote.stored_evidence import read_evidence, version_named
from goldrun.registry.description import decision_tags
from goldrun.registry.gate import Decision
from goldrun.registry.history import open_intent, was_champion
from goldrun.registry.ledger import Action, Entry, State
from goldrun.registry.standing import Standing, recorded_champion


def completed_entries(ctx: Context, name: str) -> list[Entry]:
    """Return the entries of a model, after finishing a promotion that was stopped midway.

    Raises:
        LedgerError: As ``read_entries``.
    """
    entries = read_entries(ctx, name)
    if open_intent(entries) is None:
        return entries
    # Another process may be between the two entries; the lock waits for it.
    with deciding(ctx):
        return complete_stopped(ctx, read_entries(ctx, name))


def agreed(ctx: Context, model: str) -> tuple[list[Entry], Standing]:
    """Return the entries of a model and its champion, on which alias and ledger agree.

    A promotion that was stopped is finished first. Called within ``deciding``.

    Raises:
        LedgerError: The ledger was changed, or disagrees with the alias.
    """
    name = ctx.source.registered_name(model)
    entries = complete_stopped(ctx, read_entries(ctx, name))
    standing = standing_of(ctx, name, entries)
    check_agreement(ctx, model, standing)
    return entries, standing


def complete_stopped(ctx: Context, entries: list[Entry]) -> list[Entry]:
    """Finish a promotion that was stopped between its entries, within ``deciding``.

    The decision was made and recorded, so the alias is moved. It stays if the version does not
    exist any more, or if somebody has moved the alias since.
    """
    intent = open_intent(entries)
    if intent is None:
        return entries
    name, version = intent.model, intent.to_version
    found = ctx.tracker.champion(name)
    alias = found.version if found else None
    exists = registered_models.version_of(ctx.tracker.client, name, version) is not None
    if alias != version and (alias != intent.from_version or not exists):
        log.warning("    the stopped promotion of %s version %s is abandoned", name, version)
        abandoned = replace(intent, state=State.ABANDONED)
        if exists and was_champion(entries, version) is None:
            ctx.tracker.tag_version(name, version, decision_tags(abandoned))
        return append(ctx, entries, abandoned)
    give_alias(ctx, intent)
    _describe_finished(ctx, intent)
    log.warning("    the stopped promotion of %s version %s is finished", name, version)
    return append(ctx, entries, replace(intent, state=State.DONE))


def _describe_finished(ctx: Context, intent: Entry) -> None:
    """Write the decision of a finished promotion where people read it, as far as it is known."""
    version = version_named(ctx, intent.model, intent.to_version)
    if version is None or intent.evidence is None or intent.action != Action.PROMOTION:
        return
    try:
        evidence = read_evidence(ctx, version, intent.evidence)
    except EvidenceError as error:
        log.warning("    its description is left as it was: %s", error)
        return
    describe(ctx, evidence, Decision(promote=True, against=(), warnings=intent.warnings))


def standing_of(ctx: Context, name: str, entries: Sequence[Entry]) -> Standing:
    """Return a model's champion by the alias and by the ledger."""
    client = ctx.tracker.client
    found = ctx.tracker.champion(name)
    recorded = recorded_champion(entries)
    alias = found.version if found else None
    if alias is not None and alias == recorded:
        return Standing(alias, recorded)
    exists = recorded is not None and (
        registered_models.version_of(client, name, recorded) is not None
    )
    return Standing(alias, recorded, exists, promoted=was_promoted(client, name))


def check_agreement(ctx: Context, model: str, standing: Standing) -> None:
    """Check that alias and ledger name the same champion.

    A champion whose version was deleted is no error here: a model can be trained, and a person
    can declare it to be champion.

    Args:
        ctx: The context.
        model: Name of the model, such as ``churn``.
        standing: Its champion by the alias and by the ledger.

    Raises:
        LedgerError: They do not.
    """
    problem = standing.problem()
    if not problem:
        return
    name = ctx.source.registered_name(model)
    if standing.is_lost:
        log.warning("    %s: %s; %s", name, problem, remedy(ctx, model, standing))
        return
    raise LedgerError(f"{name}: {problem}; {remedy(ctx, model, standing)}")


def remedy(ctx: Context, model: str, standing: Standing) -> str:
    """Return the command that makes alias and ledger agree again."""
    declare = f"declare another version to be champion: {adoption(ctx, model)}"
    if standing.recorded is None or not standing.recorded_exists:
        return declare
    version = f"-P model={model} -P to={standing.recorded} -P reason="
    back = f"{RUN_COMMAND} -e rollback {ctx.options} {version}"
    return f"give the alias back to version {standing.recorded}: {back}, or {declare}"
