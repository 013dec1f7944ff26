"""The gate decides once, records its decision, and alias and ledger agree whatever happens."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from goldrun.contracts.verdict import Verdict
from goldrun.errors import LedgerError
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN
from goldrun.jobs.promote import ledger
from goldrun.jobs.promote.champions import champion_of
from goldrun.jobs.promote.decide import Order, decide_on
from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.resampling import Interval
from goldrun.registry.evidence import Evidence
from goldrun.registry.gate import Decision
from goldrun.registry.ledger import Entry, State
from tests.jobs.promote import versions
from tests.jobs.promote.lakes import KnownLake
from tests.jobs.promote.versions import NAME, better, proposal, registered, worse


@pytest.fixture
def ctx(store: Tracker) -> Context:
    return versions.context(store)


def decide(
    ctx: Context,
    evidence: Evidence,
    order: Order | None = None,
    how: Callable[[Champion, int], HeadToHead] = better,
) -> Decision:
    with ctx.tracker.run("promote", "goldrun-churn"):
        return decide_on(ctx, proposal(evidence, how), order).decision


def not_worse(champion: Champion, looks: int) -> HeadToHead:
    lead = Interval(0.0, -0.001, 0.001)
    return HeadToHead("auc", 0.74, 0.74, champion.version, lead, looks)


def states(ctx: Context) -> list[tuple[str, int | None, int]]:
    return [(e.state, e.from_version, e.to_version) for e in ledger.read_entries(ctx, NAME)]


def tables_of(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    return cast(KnownLake, ctx.lake).tables


def champion(ctx: Context) -> int | None:
    found = champion_of(ctx, CHURN)
    return found.version if found else None


def test_a_first_version_becomes_champion_with_an_intent_before_and_an_end_after(
    ctx: Context,
) -> None:
    assert decide(ctx, registered(ctx)).promote
    assert champion(ctx) == 1
    assert states(ctx) == [(State.INTENDED, None, 1), (State.DONE, None, 1)]


def test_a_refusal_is_recorded_with_its_reasons_and_the_champion_stays(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    decision = decide(ctx, registered(ctx), how=worse)
    assert champion(ctx) == 1
    assert states(ctx)[2:] == [(State.REFUSED, 1, 2)]
    entry = ledger.read_entries(ctx, NAME)[-1]
    assert entry.reasons == decision.against
    assert (entry.compared_with, entry.verdict) == (1, Verdict.FAIL)
    tags = ctx.tracker.client.get_model_version(NAME, "2").tags
    assert (tags["goldrun.decision"], tags["validation_status"]) == ("not promoted", "rejected")
    run = ctx.tracker.client.get_run(entry.training_run)
    assert run.data.tags["goldrun.decision"].startswith("not promoted: auc 0.7400 leads")


def test_a_dry_run_decides_and_changes_nothing(ctx: Context) -> None:
    evidence = registered(ctx)
    assert decide(ctx, evidence, Order(dry_run=True)).promote
    assert champion(ctx) is None
    assert states(ctx) == []
    assert "goldrun.decision" not in ctx.tracker.client.get_model_version(NAME, "1").tags


def test_a_forced_promotion_is_recorded_as_forced_with_what_it_overruled(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    decide(ctx, registered(ctx), Order(force=True, why="the shop asks for it"), worse)
    assert champion(ctx) == 2
    entry = ledger.read_entries(ctx, NAME)[-1]
    assert entry.forced
    assert entry.why == "the shop asks for it"
    assert entry.warnings[0].startswith("overruled: auc 0.7400 leads that of champion")
    tags = ctx.tracker.client.get_model_version(NAME, "2").tags
    assert tags["goldrun.decision"] == "promoted by force"


def test_a_decision_by_the_gate_is_not_recorded_as_forced(ctx: Context) -> None:
    decide(ctx, registered(ctx), Order(force=True, why="just in case"))
    assert not ledger.read_entries(ctx, NAME)[-1].forced


def test_the_champion_itself_is_not_promoted_again_by_force(ctx: Context) -> None:
    evidence = registered(ctx)
    decide(ctx, evidence)
    assert not decide(ctx, evidence, Order(force=True, why="twice at once")).promote
    assert len(states(ctx)) == 3


def test_looser_thresholds_than_before_are_recorded(ctx: Context) -> None:
    gate = GateSettings().model_dump()
    decide(ctx, registered(ctx, gate=gate))
    loose = replace(
        proposal(registered(ctx, gate=gate), worse), gate=GateSettings(min_gain=0), settings_hash=""
    )
    with ctx.tracker.run("promote", "goldrun-churn"):
        decide_on(ctx, loose)
    warnings = ledger.read_entries(ctx, NAME)[-1].warnings
    assert warnings == (
        "min_gain of the gate was 0.002 when it was trained and is 0.0",
        "min_gain of the gate was 0.002 for champion version 1 and is 0.0",
    )


def test_settings_that_changed_since_the_training_are_recorded(ctx: Context) -> None:
    changed = replace(proposal(registered(ctx)), settings_hash="f" * 64)
    with ctx.tracker.run("promote", "goldrun-churn"):
        decide_on(ctx, changed)
    (_, entry) = ledger.read_entries(ctx, NAME)
    assert entry.warnings == ("the settings of the model have changed since it was trained",)


def test_a_former_champion_that_is_refused_keeps_the_decision_on_it(ctx: Context) -> None:
    first = registered(ctx)
    decide(ctx, first)
    decide(ctx, registered(ctx))
    assert not decide(ctx, first, how=worse).promote
    tags = ctx.tracker.client.get_model_version(NAME, "1").tags
    assert (tags["goldrun.decision"], tags["validation_status"]) == ("promoted", "approved")


def test_a_promoted_version_has_the_approval_of_the_deployment_job(ctx: Context) -> None:
    decide(ctx, registered(ctx, gate={"approval_tag": "Approval_Check"}))
    decide(ctx, registered(ctx, gate={"approval_tag": "Approval_Check"}), how=worse)
    first, second = (ctx.tracker.client.get_model_version(NAME, v).tags for v in ("1", "2"))
    assert (first["Approval_Check"], second["Approval_Check"]) == ("approved", "rejected")


@pytest.mark.parametrize("part", ["quality_versions", "gold_versions"])
def test_verdicts_of_other_table_versions_are_refused(ctx: Context, part: str) -> None:
    evidence = registered(ctx, **{part: {"silver/transactions": 0}})
    assert "version 0 of silver/transactions" in str(decide(ctx, evidence))
    assert champion(ctx) is None


def test_the_champion_itself_is_not_promoted_again(ctx: Context) -> None:
    evidence = registered(ctx)
    decide(ctx, evidence)
    assert "it is the champion already" in str(decide(ctx, evidence))
    tags = ctx.tracker.client.get_model_version(NAME, "1").tags
    assert (tags["goldrun.decision"], tags["validation_status"]) == ("promoted", "approved")


def test_an_older_test_date_is_not_compared(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    older = registered(ctx, test_origin="2011-09-03", last_label_day="2011-09-03")
    assert "is before that of champion version 1" in str(decide(ctx, older))
    assert champion(ctx) == 1


def test_deleted_and_foreign_runs_and_changed_metrics_are_refused(ctx: Context) -> None:
    deleted, foreign, changed = registered(ctx), registered(ctx), registered(ctx)
    ctx.tracker.client.delete_run(deleted.drift_run_id)
    foreign = replace(foreign, quality_run_id=changed.quality_run_id)
    better_on_paper = replace(changed, metrics={"auc": 0.9, "recency.auc": 0.6})
    assert "the run of feature drift" in str(decide(ctx, deleted))
    assert "is not of its training run" in str(decide(ctx, foreign))
    assert "has another auc" in str(decide(ctx, better_on_paper))
    ctx.tracker.client.delete_run(changed.run_id)
    assert "its training run" in str(decide(ctx, changed))
    assert champion(ctx) is None


def test_a_verdict_of_the_run_that_differs_from_the_evidence_is_refused(ctx: Context) -> None:
    evidence = registered(ctx)
    ctx.tracker.client.set_tag(evidence.quality_run_id, "goldrun.verdict", "fail")
    assert "has the verdict fail, not pass" in str(decide(ctx, evidence))


# Alias and ledger -------------------------------------------------------------------------------


def test_a_missing_alias_is_no_first_champion(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    ctx.tracker.client.delete_registered_model_alias(NAME, "champion")
    for use in (lambda: decide(ctx, registered(ctx)), lambda: champion_of(ctx, CHURN)):
        with pytest.raises(LedgerError, match=r"by the ledger version 1 is champion.*rollback"):
            use()


def test_a_deleted_champion_is_no_first_champion(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    ctx.tracker.client.delete_model_version(NAME, "1")
    assert champion_of(ctx, CHURN) is None
    assert "the champion, version 1, was deleted" in str(decide(ctx, registered(ctx)))


def test_an_alias_that_was_moved_by_hand_is_named(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    decide(ctx, registered(ctx), how=worse)
    ctx.tracker.promote(NAME, 2)
    with pytest.raises(LedgerError, match="version 2 has the alias champion, and by the ledger"):
        champion_of(ctx, CHURN)
    accepted = champion_of(ctx, CHURN, accept_alias=True)
    assert accepted is not None
    assert accepted.version == 2


def test_a_champion_without_any_ledger_is_refused(ctx: Context) -> None:
    registered(ctx)
    ctx.tracker.promote(NAME, 1)
    with pytest.raises(LedgerError, match=r"the ledger has no promotion.*-P adopt=true"):
        champion_of(ctx, CHURN)


def test_a_lost_ledger_is_no_first_champion(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    tables_of(ctx).clear()
    with pytest.raises(LedgerError, match="it has no entry, and the tag"):
        champion_of(ctx, CHURN)


def edited(entries: list[Entry]) -> list[Entry]:
    return [replace(entries[0], to_version=2), *entries[1:]]


def shortened(entries: list[Entry]) -> list[Entry]:
    return entries[:-1]


@pytest.mark.parametrize("change", [edited, shortened])
def test_a_changed_ledger_is_refused_before_any_decision(
    ctx: Context, change: Callable[[list[Entry]], list[Entry]]
) -> None:
    decide(ctx, registered(ctx))
    rows = change(ledger.read_entries(ctx, NAME))
    tables = tables_of(ctx)
    (table,) = tables
    names = list(tables[table][0])
    tables[table] = [dict(zip(names, e.to_row(), strict=True)) for e in rows]
    with pytest.raises(LedgerError, match=r"is not as it was written.* -P model=churn -P adopt="):
        decide(ctx, registered(ctx))


def test_entries_are_signed_and_one_that_another_writer_adds_is_refused(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "key.pem"
    file.touch(0o600)
    file.write_bytes(text)
    monkeypatch.setenv("GOLDRUN_SIGNING_KEY", str(file))
    decide(ctx, registered(ctx))
    entries = ledger.read_entries(ctx, NAME)
    assert [e.signed_by for e in entries] == [key.public_key().public_bytes_raw().hex()] * 2
    monkeypatch.delenv("GOLDRUN_SIGNING_KEY")
    ledger.append(ctx, entries, replace(entries[-1], signature=None, signed_by=None))
    monkeypatch.setenv("GOLDRUN_SIGNING_KEY", str(file))
    with pytest.raises(LedgerError, match="entry 2: not signed"):
        champion_of(ctx, CHURN)


# Stops between the writes -----------------------------------------------------------------------


class StoppedError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("at", range(8))
def test_a_promotion_stopped_at_any_write_is_finished_by_the_next_command(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, first: bool, at: int
) -> None:
    if not first:
        decide(ctx, registered(ctx))
    before = champion(ctx)
    evidence = registered(ctx)
    stop_at_write(monkeypatch, at)
    with pytest.raises(StoppedError):
        decide(ctx, evidence)
    monkeypatch.undo()
    # Before the intent is in the ledger nothing was decided; from then on it is carried out.
    expected = before if at < 2 else evidence.version
    assert champion(ctx) == expected
    assert ledger.stored_entries(ctx, NAME)[-1:] == ledger.read_entries(ctx, NAME)[-1:]
    if at < 2:
        assert decide(ctx, evidence).promote
    assert champion(ctx) == evidence.version
    tags = ctx.tracker.client.get_model_version(NAME, str(evidence.version)).tags
    assert (tags["goldrun.decision"], tags["validation_status"]) == ("promoted", "approved")


def stop_at_write(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Stop at the given write of a promotion: tag, entry, tag, alias, tags, tag, entry, tag."""
    writes = iter(range(at))

    def stopping(original: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if next(writes, None) is None:
                raise StoppedError
            return original(*args, **kwargs)

        return call

    places = (
        (registered_models, "set_tag"),
        (KnownLake, "append"),
        (Tracker, "promote"),
        (Tracker, "tag_version"),
    )
    for place, name in places:
        monkeypatch.setattr(place, name, stopping(getattr(place, name)))


def test_a_stopped_promotion_whose_version_was_deleted_is_abandoned(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(ctx, registered(ctx))
    evidence = registered(ctx)
    stop_at_write(monkeypatch, 3)
    with pytest.raises(StoppedError):
        decide(ctx, evidence)
    monkeypatch.undo()
    ctx.tracker.client.delete_model_version(NAME, str(evidence.version))
    assert champion(ctx) == 1
    assert states(ctx)[-1] == (State.ABANDONED, 1, 2)


def test_a_stopped_promotion_whose_alias_was_moved_by_hand_is_not_promoted(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(ctx, registered(ctx))
    evidence, third = registered(ctx), registered(ctx)
    stop_at_write(monkeypatch, 5)
    with pytest.raises(StoppedError):
        decide(ctx, evidence)
    monkeypatch.undo()
    assert version_tags(ctx, evidence.version) == ("promoted", "approved")
    ctx.tracker.promote(NAME, third.version)
    with pytest.raises(LedgerError, match="by the ledger version 1 is champion"):
        champion(ctx)
    assert states(ctx)[-1] == (State.ABANDONED, 1, 2)
    assert version_tags(ctx, evidence.version) == ("not promoted", "rejected")


def version_tags(ctx: Context, version: int) -> tuple[str, str]:
    tags = ctx.tracker.client.get_model_version(NAME, str(version)).tags
    return tags["goldrun.decision"], tags["validation_status"]


def test_a_clock_that_was_set_back_stops_the_decision(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    earlier = replace(ctx, clock=lambda: ctx.now - timedelta(days=1))
    with pytest.raises(LedgerError, match="the clock of this machine"):
        decide(earlier, registered(ctx))
    assert champion(ctx) == 1


def test_clocks_that_differ_a_little_keep_the_entries_in_order(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    decide(replace(ctx, clock=lambda: ctx.now), registered(ctx))
    times = [e.recorded_at for e in ledger.read_entries(ctx, NAME)]
    assert times == sorted(set(times))


def test_by_not_worse_a_test_date_is_not_before_that_of_the_current_champion(ctx: Context) -> None:
    days = {"last_label_day": "2011-01-01"}
    not_worse_than = partial(_decide_not_worse, ctx)
    assert not_worse_than(registered(ctx, test_origin="2011-01-01", **days)).promote
    assert not_worse_than(registered(ctx, test_origin="2011-03-01", **days)).promote
    between = not_worse_than(registered(ctx, test_origin="2011-02-01", **days))
    assert "2011-02-01 is before that of champion version 2, 2011-03-01" in str(between)


def _decide_not_worse(ctx: Context, evidence: Evidence) -> Decision:
    proposed = replace(proposal(evidence, not_worse), gate=GateSettings(rule="not_worse"))
    with ctx.tracker.run("promote", "goldrun-churn"):
        return decide_on(ctx, proposed).decision


def test_without_the_best_champion_nothing_is_shown_to_be_not_worse(ctx: Context) -> None:
    decide(ctx, registered(ctx))
    decide(ctx, registered(ctx), Order(force=True, why="the shop asks for it"))
    decide(ctx, registered(ctx), how=not_worse)
    gate = GateSettings(rule="not_worse")
    assert champion(ctx) == 2
    with ctx.tracker.run("promote", "goldrun-churn"):
        third = replace(proposal(registered(ctx), not_worse), gate=gate)
        assert decide_on(ctx, third).decision.promote
    assert champion(ctx) == 4
    ctx.tracker.client.delete_model_version(NAME, "2")
    with ctx.tracker.run("promote", "goldrun-churn"):
        fourth = replace(proposal(registered(ctx), not_worse), gate=gate)
        refused = decide_on(ctx, fourth).decision
    assert "version 2, the best champion so far, was deleted" in str(refused)
    assert champion(ctx) == 4
