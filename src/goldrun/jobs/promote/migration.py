"""Migration of a lake's models from the names that all shops shared to the names of their source.

Every step gives the same registry however often it runs, so a stopped migration is run again.
"""

from collections.abc import Sequence

from goldrun.errors import MissingTableError
from goldrun.io.tracking.errors import store_explained
from goldrun.io.tracking.versions import (
    Version,
    copy_version,
    delete_version,
    rename_model,
    versions_of,
)
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.names import EXPERIMENTS
from goldrun.jobs.promote.champions import TRANSACTIONS, owner_of
from goldrun.jobs.promote.choose import adopt_migrated
from goldrun.medallion.bronze import check_one_source
from goldrun.registry.evidence import versions_in
from goldrun.registry.migration import (
    MIGRATED_FROM,
    Classified,
    aliases_kept,
    champion_to_restore,
    check_provenance,
    copies_of,
    label_of,
)
from goldrun.registry.owner import has_owner
from goldrun.registry.provenance import (
    LakeState,
    TrainingRecord,
    lake_root_of,
    normalise_root,
    provenance_of,
)


def run(ctx: Context, lake_was: str = "") -> None:
    """Move this lake's versions of every model, and tag them with the source and the lake.

    A champion is recorded in the ledger as adopted, if the ledger has no entry of its model.

    Args:
        ctx: The context; its tracker has an active run.
        lake_was: Folder or URI of the lake when the models were trained, if it was moved since.

    Raises:
        MissingTableError: The lake has no tables.
        SettingsError: The lake is of another source.
        ForeignModelError: No version was trained on this lake, or one contradicts its tables.
    """
    if owner_of(ctx).lake is None:
        raise MissingTableError(
            f"{ctx.lake.path(TRANSACTIONS)} is not there: restore the lake that the models were "
            "trained on, or check --lake"
        )
    check_one_source(ctx.lake.read(TRANSACTIONS), ctx.source.name, ctx.lake.root)
    with store_explained():
        # All models are checked before the first one is moved.
        found = {model: _classify(ctx, model, lake_was) for model in EXPERIMENTS}
        for model, versions in found.items():
            check_provenance(model, ctx.lake.root, versions, migrated=_is_migrated(ctx, model))
        for model, versions in found.items():
            with step(f"registry: {model}"):
                _move(ctx, model, versions)
                _tag(ctx, model, lake_was)
                adopt_migrated(ctx, ctx.source.registered_name(model))


def _is_migrated(ctx: Context, model: str) -> bool:
    """Return whether the source's own name of a model exists."""
    return versions_of(ctx.tracker.client, ctx.source.registered_name(model)) is not None


def _classify(ctx: Context, name: str, lake_was: str) -> list[Classified[Version]]:
    """Read all versions of a registered model that have no owner, oldest first."""
    versions = versions_of(ctx.tracker.client, name) or []
    untagged = [version for version in versions if not has_owner(version.tags)]
    records = [
        TrainingRecord(
            lake_root_of(version.trained_at),
            version.created_at,
            versions_in({**version.run_tags, **version.tags}),
        )
        for version in untagged
    ]
    state = _lake_state(ctx, records, lake_was)
    return [
        Classified(version, *provenance_of(record, state))
        for version, record in zip(untagged, records, strict=True)
    ]


def _lake_state(ctx: Context, records: Sequence[TrainingRecord], lake_was: str) -> LakeState:
    origin = ctx.lake.origin(TRANSACTIONS)
    tables = sorted({table for record in records for table in record.versions})
    roots = {ctx.lake.root, normalise_root(lake_was)} if lake_was else {ctx.lake.root}
    return LakeState(
        frozenset(roots), origin.created_at if origin else None, ctx.lake.versions(tables)
    )


def _move(ctx: Context, model: str, versions: Sequence[Classified[Version]]) -> None:
    """Give this lake's versions the source's name: rename the model, or copy them one by one."""
    client, name = ctx.tracker.client, ctx.source.registered_name(model)
    if name == model or not versions:
        return
    others = [one for one in versions if not one.ours]
    if not others and versions_of(client, name) is None:
        rename_model(client, model, name)
        log.info("    %s is now %s, with %s versions", model, name, len(versions))
        return
    ours = [one.version for one in versions if one.ours]
    _copy(ctx, ours, name)
    _restore_champion(ctx, name)
    for version in ours:
        delete_version(client, version)
    log.info("    %s stays, with %s versions of other lakes", model, len(others))


def _copy(ctx: Context, versions: Sequence[Version], name: str) -> None:
    """Register the versions under the source's name, oldest first, with their aliases."""
    client, owner = ctx.tracker.client, owner_of(ctx)
    existing = versions_of(client, name) or []
    copied, kept = copies_of(existing), aliases_kept(existing)
    for version in versions:
        label = label_of(version)
        number = copied.get(label)
        if number is None:
            tags = {**owner.tags(), MIGRATED_FROM: label}
            number = copy_version(client, version, name, tags)
        for alias in set(version.aliases) - kept:
            client.set_registered_model_alias(name, alias, str(number))
        log.info("    %s is now %s version %s", label, name, number)


def _restore_champion(ctx: Context, name: str) -> None:
    """Make the last promoted version champion again, if another shop's had displaced it."""
    number = champion_to_restore(versions_of(ctx.tracker.client, name) or [])
    if number is None:
        return
    ctx.tracker.promote(name, number)
    log.info(
        "    %s version %s, the last one of this lake that was promoted, is champion again",
        *(name, number),
    )


def _tag(ctx: Context, model: str, lake_was: str) -> None:
    """Tag every version of this lake with its owner; the others stay untagged and unusable."""
    name, owner = ctx.source.registered_name(model), owner_of(ctx)
    versions = _classify(ctx, name, lake_was)
    ours = [one.version for one in versions if one.ours]
    for version in ours:
        ctx.tracker.tag_version(name, version.number, owner.tags())
    for one in versions:
        if not one.ours:
            log.warning("    %s: it is not tagged, and can't be used", one)
    log.info(
        "    %s: %s versions tagged with source %s and lake %s",
        *(name, len(ours), owner.source, owner.lake),
    )
