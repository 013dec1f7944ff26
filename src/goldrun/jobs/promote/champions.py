"""A shop's champions: each is checked to belong to this source and this lake before it is used."""

from pathlib import Path
from urllib.parse import urlparse

from goldrun.contracts import gold, lineage
from goldrun.errors import ForeignModelError
from goldrun.io.tracking.errors import store_explained, without_password
from goldrun.io.tracking.runs import Champion
from goldrun.io.tracking.versions import Version, versions_of
from goldrun.jobs.context import Context
from goldrun.jobs.names import EXPERIMENTS
from goldrun.registry.owner import Owner, foreign, says_owner

TRANSACTIONS = lineage.bronze_table("transactions").name
"""The table whose Delta id is the lake's: every lake has it first, and erasure keeps it."""
MIGRATE = "mlflow run . --env-manager local -e migrate_registry"


def owner_of(ctx: Context) -> Owner:
    """The source and the lake that the models of this context belong to."""
    origin = ctx.lake.origin(TRANSACTIONS)
    return Owner(ctx.source.name, origin.id if origin else None, ctx.lake.root)


def champion_of(ctx: Context, model: str) -> Champion | None:
    """The shop's champion of a model; None when no version has the alias.

    Args:
        ctx: The context.
        model: ``churn`` or ``segmentation``.

    Raises:
        ForeignModelError: The champion belongs to another source or lake, or has no tags that say
            to which.
        TrackingError: The registry can't be asked.
    """
    with store_explained():
        champion = ctx.tracker.champion(ctx.source.registered_name(model))
    if champion is None:
        return None
    if (whose := foreign(owner_of(ctx), champion.tags)) is not None:
        raise ForeignModelError(
            f"model {champion.name} version {champion.version} is the champion in "
            f"{_store(ctx)}, but {whose}: restore that lake, use another store "
            f"(MLFLOW_TRACKING_URI), or set registry_prefix in {ctx.source.name}.toml to begin a "
            f"new line of models{_migrating(ctx, champion)}"
        )
    return champion


def check_models(ctx: Context, *models: str) -> None:
    """Check before any work that these models can be trained or used.

    Raises:
        ForeignModelError: A champion is not this shop's, or the store has the shop's models under
            the names that they had before.
        TrackingError: The store can't be asked, or an experiment was deleted.
    """
    with store_explained():
        ctx.tracker.check_experiments(*[EXPERIMENTS[model] for model in models])
        for model in models:
            if champion_of(ctx, model) is None:
                _refuse_old_name(ctx, model)


def _refuse_old_name(ctx: Context, model: str) -> None:
    """Raise where models of this lake have the name that all shops shared before."""
    client, name = ctx.tracker.client, ctx.source.registered_name(model)
    if ctx.source.registry_prefix is not None or versions_of(client, name) is not None:
        return
    may_be_ours = [v for v in versions_of(client, model) or [] if _may_be_of(ctx, v)]
    if may_be_ours:
        newest = may_be_ours[-1]
        raise ForeignModelError(
            f"{_store(ctx)} has no model {name}, but {model} version {newest.number}, trained on "
            f"{root_of(newest) or 'an unknown lake'}, from before models were named by source. "
            f"Move this lake's versions to the new name first: {MIGRATE} -P "
            f"source={ctx.source.name} -P lake={ctx.lake.root}. If they are of a lake that is "
            f"gone, use another store (MLFLOW_TRACKING_URI), or set registry_prefix in "
            f"{ctx.source.name}.toml to begin a new line of models"
        )


def root_of(version: Version) -> str | None:
    """Root of the lake that a version was trained on; None where its run does not say."""
    at = version.trained_at
    return at.removesuffix(f"/{gold.CUSTOMER_FEATURES.name}") if at else None


def _may_be_of(ctx: Context, version: Version) -> bool:
    """Whether a version can be of this lake: it was elsewhere only where that lake still is."""
    root = root_of(version)
    if root is None or root == ctx.lake.root:
        return True
    return not urlparse(root).scheme and not Path(root).is_dir()


def _store(ctx: Context) -> str:
    return without_password(ctx.tracker.uri)


def _migrating(ctx: Context, champion: Champion) -> str:
    """The remedy for versions from before there were these tags."""
    if says_owner(champion.tags):
        return ""
    return (
        f"; if it was trained on this lake by an older goldrun, run {MIGRATE} -P "
        f"source={ctx.source.name} -P lake={ctx.lake.root}"
    )
