"""The models of a shop are audited in a real lake and store; each change of either is named."""

import json
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import mlflow
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from goldrun.contracts import lineage
from goldrun.contracts.promotions import PROMOTIONS
from goldrun.errors import AuditError, MissingTableError, SettingsError, TrackingError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.signing_keys import PUBLIC_KEYS
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.store import check_exists
from goldrun.jobs.audit import audit
from goldrun.jobs.audit.audit import Order, run, time_of
from goldrun.jobs.context import Context
from goldrun.jobs.promote import ledger
from goldrun.jobs.promote.choose import roll_back
from goldrun.jobs.promote.decide import Order as Forced
from goldrun.jobs.promote.decide import decide_on
from goldrun.jobs.promote.register import register
from goldrun.registry.evidence import FILE
from goldrun.registry.ledger import HEAD, Entry
from goldrun.registry.signatures import signed
from tests.jobs.conftest import SETTINGS, own_store
from tests.jobs.promote.candidates import monitored, trained
from tests.jobs.promote.versions import Clock, better, proposal, worse
from tests.project_copy import ROOT
from tests.registry.keys import KEY

NAME = "shop-churn"


@pytest.fixture(scope="module")
def ctx(
    engine: Engine, empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Context]:
    """A shop whose ledger has a champion, a refusal, a forced champion and a rollback."""
    place = tmp_path_factory.mktemp("audited")
    (place / "shop.toml").write_text(SETTINGS.format(folder=place))
    lake = Lake(engine, str(place / "lake"))
    lake.create(lineage.bronze_table("transactions"))
    with own_store(place, empty_store) as tracker:
        clock = Clock()
        made = Context(lake, tracker, load_source(str(place / "shop.toml")), clock(), clock)
        for number, (how, order) in enumerate(
            ((better, None), (worse, None), (worse, Forced(force=True, why="<b>by order</b>")))
        ):
            with tracker.run("churn", "goldrun-churn"):
                evidence = register(made, trained(f"{number}" * 64), monitored(made))
                decide_on(made, proposal(evidence, how), order)
        with tracker.run("rollback", "goldrun-churn"):
            roll_back(made, NAME, None, "version 3 was a mistake")
        yield replace(made, now=clock.now + timedelta(hours=1))


def audited(ctx: Context, tmp_path: Path, **order: Any) -> tuple[str, str, str]:
    """Audit; return the error, what was shown, and the page."""
    shown: list[str] = []
    page = tmp_path / "audit.html"
    error = ""
    try:
        run(ctx, Order(page=str(page), **order), shown.extend)
    except AuditError as raised:
        error = str(raised)
    return error, "\n".join(shown), page.read_text()


def entries_of(ctx: Context) -> list[Entry]:
    return ledger.stored_entries(ctx, NAME)


@contextmanager
def replaced(ctx: Context, entries: list[Entry]) -> Iterator[None]:
    """Replace the whole ledger within the block."""
    before = entries_of(ctx)
    write(ctx, entries)
    try:
        yield
    finally:
        write(ctx, before)


def write(ctx: Context, entries: list[Entry]) -> None:
    """Replace the ledger as any writer can, who takes its property away for a while."""
    rows = [entry.to_row() for entry in entries]
    path = ctx.lake.path(PROMOTIONS.name)
    DeltaTable(path).alter.set_table_properties({"delta.appendOnly": "false"})
    ctx.lake.replace(PROMOTIONS, ctx.lake.frame(PROMOTIONS, rows))
    DeltaTable(path).alter.set_table_properties({"delta.appendOnly": "true"})


def test_a_shop_of_which_nothing_was_changed_has_no_findings(ctx: Context, tmp_path: Path) -> None:
    error, shown, page = audited(ctx, tmp_path)
    assert error == ""
    newest = entries_of(ctx)[-1]
    assert f"{NAME}: intact: champion version 1 since 2026-01-02 03:04:" in shown
    assert f"(rolled back); 7 entries, the newest {newest.hash}" in shown
    assert "shop-segmentation: neither ledger nor store has anything of it" in shown
    assert "shop-segmentation" not in page


def test_the_page_has_every_entry_and_shows_forced_ones_as_forced(
    ctx: Context, tmp_path: Path
) -> None:
    _, _, page = audited(ctx, tmp_path)
    for entry in entries_of(ctx):
        assert f'id="{NAME}-{entry.number}"' in page
        assert entry.hash in page
    assert page.count('<tr class="forced"') == 2
    assert "version 3 was a mistake" in page
    refused = next(entry for entry in entries_of(ctx) if entry.state == "refused")
    assert refused.reasons
    assert all(escape(reason) in page for reason in refused.reasons)


def test_the_page_needs_nothing_from_elsewhere_and_has_no_text_of_others_as_markup(
    ctx: Context, tmp_path: Path
) -> None:
    _, _, page = audited(ctx, tmp_path)
    assert "“&lt;b&gt;by order&lt;/b&gt;”" in page
    assert "<b>" not in page
    assert not any(word in page for word in ("<script", "http://", "https://", "src=", "url("))
    assert "default-src 'none'" in page


def test_at_a_time_the_champion_and_its_evidence_are_named(ctx: Context, tmp_path: Path) -> None:
    forced = next(e for e in entries_of(ctx) if e.forced and e.state == "done")
    _, shown, page = audited(ctx, tmp_path, at=forced.recorded_at)
    assert f"the champion of {NAME} was version 3\n" in shown
    assert "promoted by force by" in shown
    assert f"evidence SHA-256 {forced.evidence}, training run {forced.training_run}" in shown
    assert "data quality pass, feature drift pass; auc 0.8" in shown
    assert f"the champion of {NAME} was version 3" in page
    start = entries_of(ctx)[0].recorded_at - timedelta(seconds=1)
    assert f"{NAME} had no champion" in audited(ctx, tmp_path, at=start)[1]


def test_delta_itself_refuses_to_delete_an_entry(ctx: Context) -> None:
    path = ctx.lake.path(PROMOTIONS.name)
    with pytest.raises(DeltaError, match="append"):
        DeltaTable(path).delete("number = 0")


def test_a_changed_entry_is_the_first_finding(ctx: Context, tmp_path: Path) -> None:
    entries = entries_of(ctx)
    changed = [replace(e, forced=False, why=None) if e.forced else e for e in entries]
    with replaced(ctx, changed):
        error, _, page = audited(ctx, tmp_path)
    assert "The first: broken: shop-churn: chain (entry 3): entry 3 has changed" in error
    assert page.index("Findings") < page.index("All decisions")
    assert audited(ctx, tmp_path)[0] == ""


def test_removed_entries_are_named_by_the_registrys_tag(ctx: Context, tmp_path: Path) -> None:
    entries = entries_of(ctx)
    with replaced(ctx, entries[:5]):
        error, shown, _ = audited(ctx, tmp_path)
    assert f"the tag names {entries[-1].hash}, which the ledger does not have" in error
    assert "version 1 has the alias champion, and by the ledger version 3 is champion" in shown


def test_a_ledger_that_is_written_anew_is_found_by_a_kept_hash_only(
    ctx: Context, tmp_path: Path
) -> None:
    entries = entries_of(ctx)
    kept, client = entries[-1].hash, ctx.tracker.client
    with replaced(ctx, []):
        anew: list[Entry] = []
        for entry in entries:
            honest = replace(entry, why="by the gate") if entry.forced else entry
            then = replace(ctx, clock=entry.recorded_at.replace)
            anew = ledger.append(then, anew, honest)
        assert audited(ctx, tmp_path)[0] == ""
        error, _, _ = audited(ctx, tmp_path, known=(kept,))
    registered_models.set_tag(client, NAME, HEAD, kept)
    assert f"no entry has the hash {kept}" in error
    assert audited(ctx, tmp_path, known=(kept,))[0] == ""


def test_an_alias_that_is_moved_by_hand_is_found(ctx: Context, tmp_path: Path) -> None:
    ctx.tracker.promote(NAME, 2)
    error, _, _ = audited(ctx, tmp_path)
    ctx.tracker.promote(NAME, 1)
    assert "version 2 has the alias champion, and by the ledger version 1 is champion" in error


def artifact(ctx: Context, path: str) -> Path:
    """The file of an artifact of the training run of version 1."""
    run = ctx.tracker.client.get_run(entries_of(ctx)[0].training_run)
    return Path(str(run.info.artifact_uri).removeprefix("file://")) / path


@contextmanager
def edited(file: Path, edit: Callable[[str], str]) -> Iterator[None]:
    """Change the text of a file within the block."""
    before = file.read_bytes()
    file.write_text(edit(before.decode()))
    try:
        yield
    finally:
        file.write_bytes(before)


def test_edited_evidence_is_found(ctx: Context, tmp_path: Path) -> None:
    def better_auc(text: str) -> str:
        content = json.loads(text)
        content["metrics"]["auc"] = 0.99
        return json.dumps(content, indent=2, sort_keys=True)

    with edited(artifact(ctx, FILE), better_auc):
        error, _, _ = audited(ctx, tmp_path)
    assert "evidence (entry 1, version 1): evidence.json has changed: SHA-256 " in error


def test_missing_evidence_is_found(ctx: Context, tmp_path: Path) -> None:
    file = artifact(ctx, FILE)
    moved = file.rename(file.with_suffix(".moved"))
    error, _, _ = audited(ctx, tmp_path)
    moved.rename(file)
    assert "evidence.json of run " in error
    assert audited(ctx, tmp_path)[0] == ""


def test_a_changed_and_a_missing_file_of_the_model_are_found(ctx: Context, tmp_path: Path) -> None:
    source = str(ctx.tracker.client.get_model_version(NAME, "1").source)
    logged = ctx.tracker.client.get_logged_model(source.removeprefix("models:/"))
    folder = Path(str(logged.artifact_location).removeprefix("file://"))
    with edited(folder / "requirements.txt", lambda text: text + "left-pad\n"):
        error, _, _ = audited(ctx, tmp_path)
    assert "files (entry 1, version 1): requirements.txt has changed" in error
    moved = folder.rename(folder.with_name("moved"))
    error, _, _ = audited(ctx, tmp_path)
    moved.rename(folder)
    assert "files (entry 1, version 1): the model's files are missing" in error


def test_a_deleted_training_run_is_found(ctx: Context, tmp_path: Path) -> None:
    run_id = entries_of(ctx)[0].training_run
    ctx.tracker.client.delete_run(run_id)
    error, _, _ = audited(ctx, tmp_path)
    ctx.tracker.client.restore_run(run_id)
    assert f"runs (entry 1, version 1): its training run {run_id} was deleted" in error


def test_a_lake_without_its_ledger_is_a_finding(ctx: Context, tmp_path: Path) -> None:
    table = Path(ctx.lake.path(PROMOTIONS.name))
    moved = table.rename(tmp_path / "moved")
    other = replace(ctx, lake=Lake(ctx.lake.engine, ctx.lake.root))
    error, _, _ = audited(other, tmp_path)
    moved.rename(table)
    assert "newest entry: the lake has no ledger" in error


def test_a_model_that_only_the_ledger_knows_is_audited(ctx: Context, tmp_path: Path) -> None:
    entries = entries_of(ctx)
    foreign = replace(entries[0], model="north-churn")
    with replaced(ctx, [*entries, replace(foreign, hash=foreign.computed_hash())]):
        _, shown, _ = audited(ctx, tmp_path)
        only, _, _ = audited(ctx, tmp_path, model="churn")
    assert "broken: north-churn: newest entry: the registry has no such model" in shown
    assert only == ""


def test_signatures_are_checked_with_public_keys_alone(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "public.pem"
    keys.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    entries = [signed(entry, KEY) for entry in entries_of(ctx)]
    stripped = [*entries[:6], replace(entries[6], signature=None, signed_by=None)]
    with replaced(ctx, entries):
        unchecked, _, _ = audited(ctx, tmp_path)
        monkeypatch.setenv(PUBLIC_KEYS, str(keys))
        trusted, _, page = audited(ctx, tmp_path)
    with replaced(ctx, stripped):
        broken, _, _ = audited(ctx, tmp_path)
    assert "unknown: shop-churn: signature: 7 signed entries are not checked" in unchecked
    assert trusted == ""
    assert "7 signed by a trusted key" in page
    assert "signature (entry 6): not signed, and one before it is" in broken


def test_nothing_to_audit_is_not_fine(ctx: Context, tmp_path: Path) -> None:
    with pytest.raises(MissingTableError, match="there is nothing to audit"):
        audited(ctx, tmp_path, model="segmentation")
    assert not (tmp_path / "audit.html").exists()


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        ("mlflow.artifacts.load_text", FILE),
        ("mlflow.artifacts.download_artifacts", f"models:/{NAME}/1"),
        ("mlflow.tracking.MlflowClient.get_registered_model", NAME),
        ("mlflow.tracking.MlflowClient.search_model_versions", NAME),
    ],
)
def test_a_store_that_does_not_answer_is_an_error_and_no_finding(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, function: str, argument: str
) -> None:
    place, _, name = function.rpartition(".")
    original = getattr(pkgutil.resolve_name(place), name)

    def broken(*given: Any, **named: Any) -> Any:
        # The other calls are answered, so that the error of this one can't hide behind theirs.
        if any(argument in str(value) for value in (*given, *named.values())):
            raise mlflow.exceptions.MlflowException("API request failed: Connection refused")
        return original(*given, **named)

    monkeypatch.setattr(function, broken)
    with pytest.raises(TrackingError, match="the server can't be reached"):
        audit.audit(ctx, Order(), [])


def test_another_file_is_not_replaced_by_the_page(ctx: Context, tmp_path: Path) -> None:
    letter = tmp_path / "audit.html"
    letter.write_text("<!doctype html><p>a letter</p>")
    with pytest.raises(SettingsError, match="exists and is no page of an audit"):
        audited(ctx, tmp_path)
    assert "letter" in letter.read_text()


@pytest.mark.parametrize(
    ("text", "hour"), [("2026-01-31T12:00", 12), ("2026-01-31T12:00+01:00", 11), ("2026-01-31", 0)]
)
def test_a_time_without_a_zone_is_in_utc(text: str, hour: int) -> None:
    found = time_of(text)
    assert found is not None
    assert (found.hour, str(found.tzinfo)) == (hour, "UTC")


def test_a_time_in_the_future_is_refused(ctx: Context, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is in the future"):
        audited(ctx, tmp_path, at=ctx.now + timedelta(seconds=1))


def test_what_is_no_time_is_refused() -> None:
    assert time_of("") is None
    with pytest.raises(SettingsError, match="--at 'yesterday' is not a time"):
        time_of("yesterday")


def test_the_command_prints_the_champion_and_ends_with_18_where_anything_is_found(
    ctx: Context, tmp_path: Path
) -> None:
    place, page = Path(ctx.lake.root).parent, tmp_path / "page.html"
    options = [f"--source={place}/shop.toml", f"--lake={ctx.lake.root}", f"--page={page}"]
    ctx.tracker.promote(NAME, 2)
    done = subprocess.run(
        [sys.executable, str(ROOT / "pipelines/audit.py"), *options, "--at=2026-06-01"],
        env={"PYTHONPATH": f"{ROOT}/src:{ROOT}", "PATH": "/usr/bin:/bin"}
        | {"MLFLOW_TRACKING_URI": f"sqlite:///{place}/mlflow.db"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    ctx.tracker.promote(NAME, 1)
    assert done.returncode == 18, done.stderr
    assert f"the champion of {NAME} was version 1 (the ledger is broken" in done.stdout
    assert "error: 1 finding: 1 broken, 0 unknown. The first: broken: shop-churn: alias" in (
        done.stderr
    )
    assert "rolled back" in page.read_text()


def test_a_store_that_does_not_exist_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingError, match=f"there is no {tmp_path}/mlflow.db"):
        check_exists()
    assert list(tmp_path.iterdir()) == []
