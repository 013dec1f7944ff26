"""Registered versions with evidence, runs and tags, without the files of a model."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.promote import ledger
from goldrun.jobs.promote.proposal import Proposal
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.resampling import Interval
from goldrun.registry.evidence import FILE, HASH_TAG, Evidence, hash_of
from tests.conftest import NOW
from tests.jobs.promote.lakes import lake_of
from tests.registry.entries import ENTRY
from tests.registry.evidences import EVIDENCE

SHOP = load_source("online_retail").model_copy(update={"name": "north", "argument": "north"})
NAME = "north-churn"
CRITERIA = (Criterion("auc", at_least=0.5),)


class Clock:
    """A clock that moves on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Any:
        self.now += timedelta(seconds=1)
        return self.now


def context(store: Tracker, lake: Any = None) -> Context:
    """Return a context of the shop ``north`` with a lake in memory."""
    return Context(lake or lake_of("lake-1"), store, SHOP, NOW, Clock())


def registered(ctx: Context, **changes: Any) -> Evidence:
    """Register a version with complete evidence, with these other values; return the evidence."""
    client = ctx.tracker.client
    if not client.search_registered_models(f"name='{NAME}'"):
        client.create_registered_model(NAME)
    with ctx.tracker.run("churn", "goldrun-churn") as run_id:
        runs = {f"{kind}_run_id": _child(ctx, kind, changes) for kind in ("quality", "drift")}
        # No version repeats the training of another.
        rows = hashlib.sha256(run_id.encode()).hexdigest()
        given = {"model": NAME, "source": "north", "lake": "lake-1", "run_id": run_id, **runs}
        evidence = replace(EVIDENCE, **{"content_hash": rows, **given, **changes})
        ctx.tracker.log_metrics({k: v for k, v in evidence.metrics.items() if v is not None})
        tags = {**evidence.registered_tags(), "goldrun.model_checksum": evidence.checksum}
        made = client.create_model_version(NAME, f"runs:/{run_id}/model", run_id, tags=tags)
        numbered = replace(evidence, version=int(made.version))
        text = numbered.to_json()
        ctx.tracker.log_text(text, FILE)
        ctx.tracker.tag_version(NAME, numbered.version, {HASH_TAG: hash_of(text)})
    return numbered


def _child(ctx: Context, kind: str, changes: Mapping[str, Any]) -> str:
    with ctx.tracker.child_run(kind) as run_id:
        ctx.tracker.set_tags({"goldrun.verdict": changes.get(kind, Verdict.PASS).value})
    return run_id


def version(evidence: Evidence) -> Champion:
    """Return the registered version of evidence."""
    return Champion(evidence.model, evidence.version, evidence.run_id)


def better(champion: Champion, looks: int) -> HeadToHead:
    """Compare as a challenger that is better than any champion."""
    lead = Interval(0.1, 0.08, 0.12)
    return HeadToHead("auc", 0.74, 0.64, champion.version, lead, looks)


def worse(champion: Champion, looks: int) -> HeadToHead:
    """Compare as a challenger that is worse than any champion."""
    lead = Interval(-0.1, -0.12, -0.08)
    return HeadToHead("auc", 0.74, 0.84, champion.version, lead, looks)


def proposal(
    evidence: Evidence, compare: Callable[[Champion, int], HeadToHead] = better
) -> Proposal:
    """Return a version for the gate to decide on."""
    return Proposal("churn", evidence, CRITERIA, "warn", compare)


def record_champion(ctx: Context, name: str, number: int) -> None:
    """Record in the ledger that a version is champion, as a person adopts one without evidence."""
    entry = replace(ENTRY, model=name, to_version=number, evidence=None)
    ledger.append(ctx, ledger.stored_entries(ctx, name), entry)
