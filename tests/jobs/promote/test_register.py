"""A version has its evidence before the gate decides, and a run has one version."""

import pytest

from goldrun.errors import EvidenceError, TrackingError
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN
from goldrun.jobs.promote.candidate import Candidate
from goldrun.jobs.promote.champions import champion_of
from goldrun.jobs.promote.decide import decide_on
from goldrun.jobs.promote.register import check_run, register
from goldrun.jobs.promote.stored_evidence import read_evidence, version_named
from goldrun.registry.evidence import hash_of
from tests.jobs.promote import versions
from tests.jobs.promote.candidates import monitored, trained
from tests.jobs.promote.versions import NAME, proposal


@pytest.fixture
def ctx(store: Tracker) -> Context:
    return versions.context(store)


@pytest.fixture
def candidate() -> Candidate:
    return trained()


def test_a_registered_version_is_promoted_by_the_evidence_in_its_run(
    ctx: Context, candidate: Candidate
) -> None:
    with ctx.tracker.run("churn", "goldrun-churn"):
        evidence = register(ctx, candidate, monitored(ctx))
        with pytest.raises(TrackingError, match=r"has registered north-churn version 1, whose"):
            check_run(ctx)
        assert decide_on(ctx, proposal(evidence)).decision.promote
    champion = champion_of(ctx, CHURN)
    assert champion is not None
    assert champion.tags == {
        "goldrun.source": "north",
        "goldrun.lake": evidence.lake,
        "goldrun.model_checksum": evidence.checksum,
        "goldrun.evidence": hash_of(evidence.to_json()),
        "goldrun.decision": "promoted",
        "validation_status": "approved",
    }
    run = ctx.tracker.client.get_run(evidence.run_id)
    assert run.data.tags["goldrun.quality"] == "pass"
    assert read_evidence(ctx, champion) == evidence
    assert "model.skops" in evidence.files


def test_a_run_that_ends_before_its_evidence_leaves_a_version_that_is_never_promoted(
    ctx: Context, candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: object) -> None:
        raise KeyboardInterrupt

    with ctx.tracker.run("churn", "goldrun-churn"):
        monitoring = monitored(ctx)
        monkeypatch.setattr(Tracker, "tag_version", end)
        with pytest.raises(KeyboardInterrupt):
            register(ctx, candidate, monitoring)
    version = version_named(ctx, NAME, 1)
    assert version is not None
    with pytest.raises(EvidenceError, match="has no evidence"):
        read_evidence(ctx, version)
    assert champion_of(ctx, CHURN) is None


# Evidence as the store has it ---------------------------------------------------------------------


def stored(ctx: Context, number: int = 1) -> Champion:
    found = version_named(ctx, NAME, number)
    assert found is not None
    return found


def test_evidence_that_was_edited_deleted_or_exchanged_is_refused(ctx: Context) -> None:
    first, second = versions.registered(ctx), versions.registered(ctx)
    client = ctx.tracker.client
    text = ctx.tracker.read_artifact(first.run_id, "evidence.json")
    client.log_text(first.run_id, text.replace("0.74", "0.84"), "evidence.json")
    with pytest.raises(EvidenceError, match="has changed since it was written"):
        read_evidence(ctx, stored(ctx))
    client.log_text(second.run_id, text, "evidence.json")
    with pytest.raises(EvidenceError, match="has changed since it was written"):
        read_evidence(ctx, stored(ctx, 2))


def test_a_copied_version_with_all_tags_does_not_have_the_evidence(ctx: Context) -> None:
    versions.registered(ctx)
    original = ctx.tracker.client.get_model_version(NAME, "1")
    ctx.tracker.client.create_model_version(
        NAME, str(original.source), original.run_id, tags=original.tags
    )
    with pytest.raises(EvidenceError, match="version 1, not of north-churn version 2"):
        read_evidence(ctx, stored(ctx, 2))


def test_evidence_of_other_files_is_refused(ctx: Context) -> None:
    versions.registered(ctx)
    ctx.tracker.tag_version(NAME, 1, {"goldrun.model_checksum": "00" * 32})
    with pytest.raises(EvidenceError, match="other model files"):
        read_evidence(ctx, stored(ctx))


def test_the_ledgers_hash_counts_more_than_a_tag(ctx: Context) -> None:
    versions.registered(ctx)
    with pytest.raises(EvidenceError, match="has changed"):
        read_evidence(ctx, stored(ctx), recorded="00" * 32)
