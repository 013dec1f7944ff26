"""A migration renames models with the old shared names for the lake that trained them."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from goldrun.contracts import lineage
from goldrun.errors import ForeignModelError, MissingTableError
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.io.tracking.versions import versions_of, was_promoted
from goldrun.jobs.context import Context
from goldrun.jobs.promote import migration
from goldrun.jobs.promote.champions import champion_of, check_models, owner_of
from goldrun.registry.migration import MIGRATED_FROM
from tests.conftest import NOW

BRONZE = lineage.bronze_table("transactions")
BEHIND = "delta.version.bronze.transactions"
NAME = "online_retail-churn"


@pytest.fixture
def ctx(
    lake: Lake, empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Context]:
    """A lake with a table, and its own store."""
    before = mlflow.get_tracking_uri()
    (tmp_path / "mlflow.db").write_bytes(empty_store.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    lake.create(BRONZE)
    yield Context(lake, Tracker(), load_source("online_retail"), NOW)
    mlflow.set_tracking_uri(before)


def trained(
    ctx: Context, root: str = "", version: int = 0, decision: str = "promoted", name: str = "churn"
) -> int:
    """Register a version as older goldruns do: evidence in its tags, the lake in its run."""
    tracker, client = ctx.tracker, ctx.tracker.client
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    tags = {BEHIND: str(version), "goldrun.decision": decision}
    with tracker.run("training", "goldrun-churn") as run_id:
        tracker.set_tags({BEHIND: str(version)})
        tracker.log_dataset(
            pd.DataFrame({"x": [1.0]}),
            name="gold/customer_features",
            path=f"{root or ctx.lake.root}/gold/customer_features",
            version=0,
            context="training",
            digest=os.urandom(32).hex(),
        )
    made = client.create_model_version(name, f"runs:/{run_id}/model", run_id, tags=tags)
    client.set_registered_model_alias(name, "challenger", made.version)
    return int(made.version)


def state(ctx: Context, name: str) -> object:
    """Return the versions of a name with tags, runs and aliases."""
    found = versions_of(ctx.tracker.client, name)
    return found and [(v.number, v.run_id, v.aliases, dict(v.tags)) for v in found]


def migrated(ctx: Context, lake_was: str = "") -> None:
    with ctx.tracker.run("migrate_registry", "goldrun-pipeline"):
        migration.run(ctx, lake_was)


def test_a_migration_renames_every_version_alias_tag_and_run(
    ctx: Context,
) -> None:
    for _ in range(3):
        trained(ctx)
    trained(ctx, name="segmentation", decision="not promoted: x")
    ctx.tracker.promote("churn", 2)
    ctx.tracker.client.delete_model_version("churn", "1")
    before = versions_of(ctx.tracker.client, "churn")
    assert before is not None
    with pytest.raises(ForeignModelError, match="migrate_registry"):
        check_models(ctx, "churn")
    migrated(ctx)
    after = versions_of(ctx.tracker.client, NAME)
    assert after is not None
    assert [(v.number, v.run_id, v.aliases) for v in after] == [
        (v.number, v.run_id, v.aliases) for v in before
    ]
    origin = ctx.lake.origin(BRONZE.name)
    assert origin is not None
    owner = {"goldrun.source": "online_retail", "goldrun.lake": origin.id}
    status = {2: {"validation_status": "approved"}}
    assert [v.tags for v in after] == [
        {**v.tags, **owner, **status.get(v.number, {})} for v in before
    ]
    assert versions_of(ctx.tracker.client, "churn") is None
    champion = champion_of(ctx, "churn")
    assert champion is not None
    assert champion.version == 2
    check_models(ctx, "churn", "segmentation")
    once = state(ctx, NAME)
    migrated(ctx)
    assert state(ctx, NAME) == once


def test_a_migration_of_a_shared_store_moves_only_this_lakes_versions(
    ctx: Context, tmp_path: Path
) -> None:
    other = str(tmp_path / "other-lake")
    Path(other).mkdir()
    runs = {}
    for number, (root, decision) in enumerate(
        [("", "promoted"), ("", "promoted"), ("", "not promoted: x"), (other, "promoted")], 1
    ):
        assert trained(ctx, root, decision=decision) == number
        runs[number] = str(ctx.tracker.client.get_model_version("churn", str(number)).run_id)
    ctx.tracker.promote("churn", 4)
    migrated(ctx)
    versions = versions_of(ctx.tracker.client, NAME)
    assert versions is not None
    assert [v.run_id for v in versions] == [runs[1], runs[2], runs[3]]
    champion = champion_of(ctx, "churn")
    assert champion is not None
    assert champion.run_id == runs[2]
    assert champion.tags[MIGRATED_FROM] == "churn version 2"
    left = versions_of(ctx.tracker.client, "churn")
    assert left is not None
    assert [(v.number, v.aliases) for v in left] == [(4, ("challenger", "champion"))]
    once = state(ctx, NAME)
    migrated(ctx)
    assert state(ctx, NAME) == once


def test_a_migration_skips_a_champion_without_a_lake(
    ctx: Context,
) -> None:
    trained(ctx, decision="promoted")
    client = ctx.tracker.client
    with ctx.tracker.run("training", "goldrun-churn") as unknown:
        pass
    client.create_model_version("churn", f"runs:/{unknown}/model", unknown)
    ctx.tracker.promote("churn", 2)
    ours = client.get_model_version("churn", "1").run_id
    migrated(ctx)
    check_models(ctx, "churn")
    champion = champion_of(ctx, "churn")
    assert champion is not None
    assert champion.run_id == ours


def test_a_champion_that_was_trained_under_the_new_name_stays(ctx: Context) -> None:
    trained(ctx, decision="promoted")
    ctx.tracker.promote("churn", 1)
    newer = trained(ctx, name=NAME, decision="promoted")
    ctx.tracker.tag_version(NAME, newer, owner_of(ctx).tags())
    ctx.tracker.promote(NAME, newer)
    migrated(ctx)
    champion = champion_of(ctx, "churn")
    assert champion is not None
    assert champion.version == newer


STOPS = [
    *[("rename_model", False), ("tag_version", False)],
    *[("copy_version", True), ("promote", True), ("delete_version", True)],
]
"""Step at which the process stops, and whether lakes share the store."""


class StoppedError(Exception):
    """The process stops at this step."""


@pytest.mark.parametrize(("stop", "shared"), STOPS)
@pytest.mark.parametrize("after", [0, 1])
def test_an_interrupted_migration_ends_in_the_same_state_after_a_rerun(
    ctx: Context,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shared: bool,
    stop: str,
    after: int,
) -> None:
    trained(ctx)
    trained(ctx)
    if shared:
        trained(ctx, str(tmp_path / "other"))
    ctx.tracker.promote("churn", 3 if shared else 2)
    owner, calls = (Tracker if stop in {"promote", "tag_version"} else migration), 0
    whole = getattr(owner, stop)

    def stopping(*given: object) -> object:
        nonlocal calls
        calls += 1
        if after == 0 and calls == 2 - (stop in {"rename_model", "promote"}):
            raise StoppedError
        done = whole(*given)
        if after == 1:
            raise StoppedError
        return done

    with monkeypatch.context() as patched, contextlib.suppress(StoppedError):
        patched.setattr(owner, stop, stopping)
        migrated(ctx)
    migrated(ctx)
    versions = versions_of(ctx.tracker.client, NAME)
    assert versions is not None
    assert len(versions) == 2
    assert [v.aliases.count("champion") for v in versions] == [0, 1]
    assert champion_of(ctx, "churn") is not None
    left = versions_of(ctx.tracker.client, "churn")
    assert [v.number for v in left or []] == ([3] if shared else [])


def test_a_moved_lake_is_migrated_if_the_user_names_its_old_path(ctx: Context) -> None:
    trained(ctx, "/before/lake", decision="not promoted: x")
    with pytest.raises(ForeignModelError, match=r"trained on /before/lake.*-P lake_was="):
        migrated(ctx)
    assert versions_of(ctx.tracker.client, NAME) is None
    migrated(ctx, "/before/lake")
    assert champion_of(ctx, "churn") is None
    assert [v.tags["goldrun.source"] for v in versions_of(ctx.tracker.client, NAME) or []] == [
        "online_retail"
    ]


def test_versions_that_the_lake_cannot_have_trained_are_refused(
    ctx: Context,
) -> None:
    trained(ctx)
    trained(ctx, version=7)
    before = state(ctx, "churn")
    with pytest.raises(ForeignModelError, match=r"version 2.*version 7 of bronze/transactions"):
        migrated(ctx)
    assert state(ctx, "churn") == before
    assert versions_of(ctx.tracker.client, NAME) is None


def test_a_lake_without_tables_is_refused(ctx: Context, tmp_path: Path) -> None:
    trained(ctx)
    nowhere = Context(Lake(ctx.lake.engine, str(tmp_path / "no")), ctx.tracker, ctx.source, NOW)
    with pytest.raises(MissingTableError, match="restore the lake"):
        migrated(nowhere)


def test_names_are_kept_and_tagged_if_the_prefix_is_empty(ctx: Context) -> None:
    trained(ctx)
    ctx.tracker.promote("churn", 1)
    bare = ctx.source.model_copy(update={"registry_prefix": ""})
    migrated(Context(ctx.lake, ctx.tracker, bare, NOW))
    assert champion_of(Context(ctx.lake, ctx.tracker, bare, NOW), "churn") is not None


def test_a_store_without_models_needs_no_migration(ctx: Context) -> None:
    migrated(ctx)
    assert ctx.tracker.client.search_registered_models() == []


# A server ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start an MLflow server on loopback; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{folder}/server.db"]
    running = subprocess.Popen(
        [*command, *store],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
    )
    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/health", timeout=1).close()
                break
            time.sleep(0.5)
        yield address
    finally:
        os.killpg(running.pid, 15)
        running.wait(timeout=30)


@pytest.mark.slow
def test_a_migration_on_a_server_keeps_versions_aliases_and_tags(
    lake: Lake, empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = mlflow.get_tracking_uri()
    (tmp_path / "server.db").write_bytes(empty_store.read_bytes())
    lake.create(BRONZE)
    with server(tmp_path) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        ctx = Context(lake, Tracker(), load_source("online_retail"), NOW)
        trained(ctx)
        trained(ctx)
        ctx.tracker.promote("churn", 1)
        migrated(ctx)
        champion = champion_of(ctx, "churn")
        assert champion is not None
        assert champion.version == 1
        trained(ctx, "/other/lake", name="segmentation")
        trained(ctx, name="segmentation")
        migrated(ctx)
        moved = versions_of(ctx.tracker.client, "online_retail-segmentation")
        assert [v.aliases for v in moved or []] == [("challenger", "champion")]
    mlflow.set_tracking_uri(before)


def test_a_model_had_a_champion_if_the_gate_ever_promoted_a_version(ctx: Context) -> None:
    client = ctx.tracker.client
    assert not was_promoted(client, "churn")
    trained(ctx, decision="not promoted: auc 0.5000 does not beat recency.auc")
    assert not was_promoted(client, "churn")
    trained(ctx, decision="promoted (warning: features have drifted)")
    trained(ctx, decision="not promoted: data quality is fail")
    assert was_promoted(client, "churn")
