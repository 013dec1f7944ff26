"""Moving a lake's models from the names that all shops shared to the names of their source.

Each step ends in the same registry however often it runs, so a migration that was stopped is run
again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from goldrun.errors import ForeignModelError, MissingTableError, listed
from goldrun.io.tracking.errors import store_explained
from goldrun.io.tracking.runs import CHAMPION
from goldrun.io.tracking.versions import (
    Version,
    copy_version,
    delete_version,
    rename_model,
    versions_of,
)
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.names import EXPERIMENTS
from goldrun.jobs.promote.champions import TRANSACTIONS, owner_of, root_of
from goldrun.medallion.bronze import check_one_source
from goldrun.registry.evidence import versions_in
from goldrun.registry.owner import says_owner
from goldrun.registry.provenance import Fit, LakeState, Trained, fit

MIGRATED_FROM = "goldrun.migrated_from"
"""Tag of a copied version: its old name and number."""
_DECISION = "goldrun.decision"
_PROMOTED = "promoted"


@dataclass(frozen=True)
class _Judged:
    """A version, whether it was trained on the lake, and why not."""

    version: Version
    fit: Fit
    reason: str

    def __str__(self) -> str:
        return f"{self.version.name} version {self.version.number}: {self.reason}"


def run(ctx: Context, lake_was: str = "") -> None:
    """Move this lake's versions of every model, and tag them with the source and the lake.

    Args:
        ctx: The context; its tracker has an active run.
        lake_was: Folder or URI of the lake when the models were trained, if it was moved since.

    Raises:
        MissingTableError: The lake has no tables.
        SettingsError: The lake is of another source.
        ForeignModelError: No version was trained on this lake, or one can't have been.
    """
    if owner_of(ctx).lake is None:
        raise MissingTableError(
            f"{ctx.lake.path(TRANSACTIONS)} is not there: restore the lake that the models were "
            "trained on, or check --lake"
        )
    check_one_source(ctx.lake.read(TRANSACTIONS), ctx.source.name, ctx.lake.root)
    with store_explained():
        # All are looked at before the first is moved.
        found = {model: _judged(ctx, model, lake_was) for model in EXPERIMENTS}
        for model, judged in found.items():
            _check(ctx, model, judged)
        for model, judged in found.items():
            with step(f"registry: {model}"):
                _move(ctx, model, judged)
                _tag(ctx, model, lake_was)


def _judged(ctx: Context, name: str, lake_was: str) -> list[_Judged]:
    """All versions of a registered model that don't say whose they are, oldest first."""
    versions = versions_of(ctx.tracker.client, name) or []
    untagged = [version for version in versions if not says_owner(version.tags)]
    recorded = [versions_in({**version.run_tags, **version.tags}) for version in untagged]
    tables = sorted({table for one in recorded for table in one})
    origin = ctx.lake.origin(TRANSACTIONS)
    # Written as a lake's root is.
    before = lake_was if urlparse(lake_was).scheme else str(Path(lake_was).absolute())
    state = LakeState(
        frozenset({ctx.lake.root, before} if lake_was else {ctx.lake.root}),
        origin.created_at if origin else None,
        ctx.lake.versions(tables),
    )
    return [
        _Judged(version, *fit(Trained(root_of(version), version.created_at, behind), state))
        for version, behind in zip(untagged, recorded, strict=True)
    ]


def _check(ctx: Context, model: str, judged: Sequence[_Judged]) -> None:
    """Raise where no version can be of this lake, or one that has its folder can't."""
    impossible = [one for one in judged if one.fit is Fit.IMPOSSIBLE]
    if impossible:
        raise ForeignModelError(
            f"{ctx.lake.root} can't be the lake of {listed(impossible)}: restore the lake as it "
            "was when they were trained, or set registry_prefix in the source's TOML to begin a "
            "new line of models; nothing was moved"
        )
    moved_before = versions_of(ctx.tracker.client, ctx.source.registered_name(model)) is not None
    if judged and not moved_before and not any(one.fit is Fit.THIS for one in judged):
        raise ForeignModelError(
            f"no version of {model} was trained on {ctx.lake.root}: {listed(judged)}. If the lake "
            "was moved, say where it was with -P lake_was=; nothing was moved"
        )


def _move(ctx: Context, model: str, judged: Sequence[_Judged]) -> None:
    """Give this lake's versions the source's name: all at once if all are, else one by one."""
    client, name = ctx.tracker.client, ctx.source.registered_name(model)
    if name == model or not judged:
        return
    others = [one for one in judged if one.fit is not Fit.THIS]
    if not others and versions_of(client, name) is None:
        rename_model(client, model, name)
        log.info("    %s is now %s, with %s versions", model, name, len(judged))
        return
    ours = [one.version for one in judged if one.fit is Fit.THIS]
    _copy(ctx, ours, name)
    _restore_champion(ctx, name)
    for version in ours:
        delete_version(client, version)
    log.info("    %s stays, with %s versions of other lakes", model, len(judged) - len(ours))


def _copy(ctx: Context, versions: Sequence[Version], name: str) -> None:
    """Register the versions under the source's name, oldest first, with their aliases."""
    client, owner = ctx.tracker.client, owner_of(ctx)
    there = versions_of(client, name) or []
    copied = {v.tags.get(MIGRATED_FROM): v.number for v in there}
    # A champion that was trained under the new name is newer.
    taken = {alias for v in there if MIGRATED_FROM not in v.tags for alias in v.aliases}
    for version in versions:
        was = f"{version.name} version {version.number}"
        number = copied.get(was)
        if number is None:
            tags = {**owner.tags(), MIGRATED_FROM: was}
            number = copy_version(client, version, name, tags)
        for alias in set(version.aliases) - taken:
            client.set_registered_model_alias(name, alias, str(number))
        log.info("    %s is now %s version %s", was, name, number)


def _restore_champion(ctx: Context, name: str) -> None:
    """Make the newest promoted version champion again, where another shop's had displaced it."""
    versions = versions_of(ctx.tracker.client, name) or []
    promoted = [v for v in versions if v.tags.get(_DECISION, "").startswith(_PROMOTED)]
    if promoted and not any(CHAMPION in version.aliases for version in versions):
        ctx.tracker.crown(name, promoted[-1].number)
        log.info(
            "    %s version %s, the last one of this lake that was promoted, is champion again",
            *(name, promoted[-1].number),
        )


def _tag(ctx: Context, model: str, lake_was: str) -> None:
    """Say on every version of this lake whose it is; others stay without, and can't be used."""
    name, owner = ctx.source.registered_name(model), owner_of(ctx)
    judged = _judged(ctx, name, lake_was)
    ours = [one.version for one in judged if one.fit is Fit.THIS]
    for version in ours:
        ctx.tracker.tag_version(name, version.number, owner.tags())
    for one in judged:
        if one.fit is not Fit.THIS:
            log.warning("    %s: it is not tagged, and can't be used", one)
    log.info(
        "    %s: %s versions tagged with source %s and lake %s",
        *(name, len(ours), owner.source, owner.lake),
    )
