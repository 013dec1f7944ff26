"""Champions of a source and a lake, checked to belong to both before they are used."""

from pathlib import Path
from urllib.parse import urlparse

from goldrun.contracts import lineage
from goldrun.errors import ForeignModelError, LedgerError, NoChampionError
from goldrun.io.tracking.errors import store_explained, without_password
from goldrun.io.tracking.runs import Champion
from goldrun.io.tracking.versions import Version, versions_of
from goldrun.jobs.context import Context, log
from goldrun.jobs.names import EXPERIMENTS, RUN_COMMAND
from goldrun.jobs.promote.agreement import check_agreement, completed_entries, standing_of
from goldrun.registry.owner import Owner, foreign, has_owner, may_be_of_lake
from goldrun.registry.provenance import lake_root_of

TRANSACTIONS = lineage.bronze_table("transactions").name
"""The table whose Delta id identifies the lake; every lake has it first, and erasure keeps it."""
MIGRATE = f"{RUN_COMMAND} -e migrate_registry"


def owner_of(ctx: Context) -> Owner:
    """Return the source and the lake that the models of this context belong to."""
    origin = ctx.lake.origin(TRANSACTIONS)
    return Owner(ctx.source.name, origin.id if origin else None, ctx.lake.root)


def champion_of(
    ctx: Context, model: str, *, known: Champion | None = None, accept_alias: bool = False
) -> Champion | None:
    """Return the champion of a model; None when there is none.

    A promotion that was stopped midway is finished first.

    Args:
        ctx: The context.
        model: Name of the model, such as ``churn``.
        known: The champion that the caller has; it is not compared with the ledger again.
        accept_alias: Whether to accept a version that has the alias and is not champion by the
            ledger, with a warning.

    Raises:
        ForeignModelError: The champion belongs to another source or lake, or its tags do not name
            them.
        LedgerError: The ledger was changed, or another version is champion by it.
        TrackingError: The registry does not answer.
    """
    name = ctx.source.registered_name(model)
    with store_explained():
        champion = _owned(ctx, ctx.tracker.champion(name))
        if champion is not None and champion == known:
            return champion
        if accept_alias and champion is not None:
            _warn(ctx, champion)
            return champion
        entries = completed_entries(ctx, name)
        check_agreement(ctx, model, standing_of(ctx, name, entries))
        return _owned(ctx, ctx.tracker.champion(name))


def _owned(ctx: Context, champion: Champion | None) -> Champion | None:
    """Return the champion, or raise a ForeignModelError if it belongs to another source or lake."""
    if champion is not None and (reason := foreign(owner_of(ctx), champion.tags)) is not None:
        raise ForeignModelError(
            f"model {champion.name} version {champion.version} is the champion in "
            f"{_store(ctx)}, but {reason}: restore that lake, use another store "
            f"(MLFLOW_TRACKING_URI), or set registry_prefix in {ctx.source.name}.toml to begin a "
            f"new line of models{_migrating(ctx, champion)}"
        )
    return champion


def _warn(ctx: Context, champion: Champion) -> None:
    """Log how the alias and the ledger disagree, for a caller that accepts the alias."""
    try:
        standing = standing_of(ctx, champion.name, completed_entries(ctx, champion.name))
        problem = standing.problem()
    except LedgerError as error:
        problem = str(error)
    if problem:
        log.warning("    %s: %s; the alias is accepted (accept_alias)", champion.name, problem)


def required_champion(
    ctx: Context, model: str, purpose: str, *, accept_alias: bool = False
) -> Champion:
    """Return the champion of a model.

    Args:
        ctx: The context.
        model: Name of the model, such as ``churn``.
        purpose: What it is needed for, such as ``to score with``.
        accept_alias: As in ``champion_of``.

    Raises:
        NoChampionError: There is none.
        ForeignModelError, LedgerError, TrackingError: As ``champion_of``.
    """
    champion = champion_of(ctx, model, accept_alias=accept_alias)
    if champion is None:
        raise no_champion(ctx, model, purpose)
    return champion


def no_champion(ctx: Context, model: str, purpose: str) -> NoChampionError:
    """Return the error that names the model, and the command that trains one."""
    return NoChampionError(
        f"model {ctx.source.registered_name(model)} has no champion {purpose}: train one first "
        f"({RUN_COMMAND} -e train -P model={model} {ctx.options})"
    )


def check_models(ctx: Context, *models: str, accept_alias: bool = False) -> None:
    """Check that these models can be trained or used, before any work is done.

    Args:
        ctx: The context.
        models: Names of the models.
        accept_alias: As in ``champion_of``.

    Raises:
        ForeignModelError: A champion belongs to another source or lake, or this lake's models are
            still registered under the old names, which all shops shared.
        LedgerError: The ledger was changed, or disagrees with the alias.
        TrackingError: The store does not answer, or an experiment was deleted.
    """
    with store_explained():
        ctx.tracker.check_experiments(*[EXPERIMENTS[model] for model in models])
        for model in models:
            if champion_of(ctx, model, accept_alias=accept_alias) is None:
                _refuse_old_name(ctx, model)


def _refuse_old_name(ctx: Context, model: str) -> None:
    """Raise if versions of this lake have the name that all shops shared before."""
    client, name = ctx.tracker.client, ctx.source.registered_name(model)
    if ctx.source.registry_prefix is not None or versions_of(client, name) is not None:
        return
    may_be_ours = [v for v in versions_of(client, model) or [] if _may_be_of(ctx, v)]
    if may_be_ours:
        newest = may_be_ours[-1]
        raise ForeignModelError(
            f"{_store(ctx)} has no model {name}, but {model} version {newest.number}, trained on "
            f"{lake_root_of(newest.trained_at) or 'an unknown lake'}, from before models were "
            f"named by source. Move this lake's versions to the new name first: {MIGRATE} "
            f"{ctx.options}. If they are of a lake that no longer exists, use another store "
            f"(MLFLOW_TRACKING_URI), or set registry_prefix in "
            f"{ctx.source.name}.toml to begin a new line of models"
        )


def _may_be_of(ctx: Context, version: Version) -> bool:
    """Return whether a version may be of this lake, which was elsewhere only if it was moved."""
    root = lake_root_of(version.trained_at)
    exists = root is not None and (bool(urlparse(root).scheme) or Path(root).is_dir())
    return may_be_of_lake(root, ctx.lake.root, exists=exists)


def _store(ctx: Context) -> str:
    return without_password(ctx.tracker.uri)


def _migrating(ctx: Context, champion: Champion) -> str:
    """Return the remedy for a champion without tags of an owner; empty for one with them."""
    if has_owner(champion.tags):
        return ""
    return f"; if it was trained on this lake by an older goldrun, run {MIGRATE} {ctx.options}"
