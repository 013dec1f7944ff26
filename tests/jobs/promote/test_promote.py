"""Tests for the command that lets the gate decide on a registered version."""

import pytest

from goldrun.errors import EvidenceError
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN
from goldrun.jobs.promote import ledger, promote
from goldrun.jobs.promote.decide import Order
from goldrun.registry.evidence import HASH_TAG
from goldrun.registry.ledger import State
from tests.jobs.promote.versions import NAME, context, registered


@pytest.fixture
def ctx(store: Tracker) -> Context:
    return context(store)


def without_evidence(ctx: Context) -> None:
    version = registered(ctx).version
    ctx.tracker.client.delete_model_version_tag(NAME, str(version), HASH_TAG)


def test_a_version_whose_evidence_is_missing_is_refused_with_an_entry(ctx: Context) -> None:
    without_evidence(ctx)
    with ctx.tracker.run("promote", "goldrun-promote"), pytest.raises(EvidenceError):
        promote.run(ctx, CHURN, 1, Order())
    (entry,) = ledger.read_entries(ctx, NAME)
    assert (entry.state, entry.to_version, entry.evidence) == (State.REFUSED, 1, None)
    assert "has no evidence" in entry.reasons[0]
    tags = ctx.tracker.client.get_model_version(NAME, "1").tags
    assert (tags["goldrun.decision"], tags["validation_status"]) == ("not promoted", "rejected")
    assert entry.checksum == tags["goldrun.model_checksum"]
    assert ctx.tracker.champion(NAME) is None


def test_a_dry_run_on_it_records_nothing(ctx: Context) -> None:
    without_evidence(ctx)
    with ctx.tracker.run("promote", "goldrun-promote"), pytest.raises(EvidenceError):
        promote.run(ctx, CHURN, 1, Order(dry_run=True))
    assert ledger.read_entries(ctx, NAME) == []
