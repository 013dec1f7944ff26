"""Let the gate decide on a registered version, or declare one to be champion."""

from datetime import date
from typing import Any

from goldrun.errors import (
    EvidenceError,
    ForeignModelError,
    NoChampionError,
    NotPromotedError,
)
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.frames import content_hash
from goldrun.io.settings import load_model_config, model_file_hash
from goldrun.io.tracking.runs import CHALLENGER, Champion
from goldrun.jobs.context import Context, log
from goldrun.jobs.monitor.drift import snapshot
from goldrun.jobs.names import RUN_COMMAND
from goldrun.jobs.promote.champions import owner_of
from goldrun.jobs.promote.choose import must_have_reason
from goldrun.jobs.promote.decide import Order, decide_on, refuse_unread
from goldrun.jobs.promote.proposal import NOT_AS_REGISTERED, Proposal
from goldrun.jobs.promote.record import Decided
from goldrun.jobs.promote.stored_evidence import read_evidence, version_named
from goldrun.jobs.train.comparing import comparison, loaded
from goldrun.jobs.train.inputs import labelled
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.model import Frames, Model
from goldrun.learning.models import load_model
from goldrun.registry.evidence import Evidence
from goldrun.registry.owner import foreign


def run(ctx: Context, name: str, number: int | None, order: Order) -> Decided:
    """Let the gate decide on a version, by its evidence and a new comparison with the champion.

    Args:
        ctx: The context; its tracker has an active run.
        name: Name of the model in the registry of models.
        number: The version; the one with the alias ``challenger`` when None.
        order: Whether to decide only, or to promote by force.

    Raises:
        NoChampionError: There is no such version.
        SettingsError: It is to be promoted by force, without a reason.
        ModelFileError: Its files are not those that were registered, or can't be loaded.
        EvidenceError: Its evidence is missing, has changed, or is of another version.
        ForeignModelError: It belongs to another source or lake.
        LedgerError: The ledger was changed, or disagrees with the alias.
        NotPromotedError: The gate refuses it; a dry run raises nothing.
    """
    if order.force:
        must_have_reason(order.why)
    model = load_model(name)
    settings = load_model_config(name, model.settings)
    version = _version(ctx, name, number)
    try:
        evidence = read_evidence(ctx, version)
        # Also of a first champion the files must be those that were registered.
        challenger = loaded(version)
    except NOT_AS_REGISTERED as error:
        if not order.dry_run:
            refuse_unread(ctx, name, version, error)
        raise
    ctx.tracker.name_run(f"promote {name} version {version.version}")

    def compare(champion: Champion, looks: int) -> HeadToHead:
        frames = _frames(ctx, model, settings, evidence)
        return comparison(model, settings, challenger, frames)(champion, looks)

    proposal = Proposal(
        *(name, evidence, model.criteria(settings), settings.drift, compare, settings.gate),
        settings_hash=model_file_hash(name),
    )
    decided = decide_on(ctx, proposal, order)
    _log(ctx, name, evidence, decided, order)
    if not decided.decision.promote and not order.dry_run:
        raise NotPromotedError(f"{evidence.model} version {evidence.version}: {decided.decision}")
    return decided


def _version(ctx: Context, name: str, number: int | None) -> Champion:
    registered = ctx.source.registered_name(name)
    if number is None:
        version = ctx.tracker.with_alias(registered, CHALLENGER)
    else:
        version = version_named(ctx, registered, number)
    if version is None:
        which = f"version {number}" if number else f"version with the alias {CHALLENGER}"
        raise NoChampionError(
            f"model {registered} has no {which} in {ctx.tracker.uri}: train one first "
            f"({RUN_COMMAND} -e train -P model={name} {ctx.options})"
        )
    if (reason := foreign(owner_of(ctx), version.tags)) is not None:
        raise ForeignModelError(
            f"model {registered} version {version.version}: {reason}: promote it in its own lake"
        )
    return version


def _frames(
    ctx: Context, model: Model[Any, Any], settings: ModelSettings, evidence: Evidence
) -> Frames:
    """Read the version's test rows again, at the table versions that it was tested on."""
    versions = evidence.table_versions
    day = date.fromisoformat(evidence.as_of)
    rows = snapshot(ctx, day, version=versions[CUSTOMER_FEATURES.name])
    frame = labelled(ctx, versions, rows, labels=model.labels(settings), seed=settings.seed)
    expected = evidence.test_hash or evidence.content_hash
    if content_hash(frame) != expected:
        raise EvidenceError(
            f"{evidence.model} version {evidence.version}: the rows as of {evidence.as_of} are not "
            f"those that it was measured on (SHA-256 {expected}); train again"
        )
    return Frames(frame, frame, currency=ctx.source.money_unit)


def _log(ctx: Context, name: str, evidence: Evidence, decided: Decided, order: Order) -> None:
    promoted = decided.decision.promote
    if order.dry_run:
        would = "would promote" if promoted else "would refuse"
        log.info(
            "Dry run: the gate %s %s version %s; it is not recorded, and the champion stays",
            *(would, evidence.model, evidence.version),
        )
    elif promoted:
        log.info(
            "%s version %s is champion. Score all customers with it: %s -e score -P model=%s %s",
            *(evidence.model, evidence.version, RUN_COMMAND, name, ctx.options),
        )
