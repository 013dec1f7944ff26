"""Only the owner of a champion uses it."""

from pathlib import Path

import pandas as pd
import pytest

from goldrun.errors import ForeignModelError, TrackingError
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.monitor import drift
from goldrun.jobs.names import CHURN, SEGMENTATION
from goldrun.jobs.promote.champions import champion_of, check_models
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from goldrun.jobs.train import train
from goldrun.jobs.workflow import workflow
from tests.conftest import NOW
from tests.jobs.promote.lakes import lake_of
from tests.jobs.promote.versions import record_champion

SHOP = load_source("online_retail").model_copy(update={"name": "north", "argument": "north"})
OTHER = SHOP.model_copy(update={"name": "south", "argument": "south"})


@pytest.fixture
def ctx(store: Tracker) -> Context:
    return Context(lake_of("lake-1"), store, SHOP, NOW)


def register(tracker: Tracker, name: str, tags: dict[str, str], root: str = "") -> Champion:
    """Register a champion with these tags, trained on a lake if one is given."""
    client = tracker.client
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    with tracker.run("training", "goldrun-churn") as run_id:
        if root:
            tracker.log_dataset(
                pd.DataFrame({"x": [1.0]}),
                name="gold/customer_features",
                path=f"{root}/gold/customer_features",
                version=0,
                context="training",
                digest="ab" * 32,
            )
    made = client.create_model_version(name, f"runs:/{run_id}/model", run_id, tags=tags)
    tracker.promote(name, int(made.version))
    return Champion(name, int(made.version), run_id)


def owned(source: str = "north", lake: str = "lake-1") -> dict[str, str]:
    return {"goldrun.source": source, "goldrun.lake": lake}


def recorded(ctx: Context, champion: Champion) -> Champion:
    """Record a champion in the ledger."""
    record_champion(ctx, champion.name, champion.version)
    return champion


def test_a_shop_without_models_has_no_champion(ctx: Context) -> None:
    assert champion_of(ctx, CHURN) is None
    check_models(ctx, CHURN, SEGMENTATION)


def test_a_shop_finds_its_own_champion_in_a_shared_store(ctx: Context) -> None:
    other = Context(lake_of("lake-2"), ctx.tracker, OTHER, NOW)
    mine = recorded(ctx, register(ctx.tracker, "north-churn", owned()))
    of_key = recorded(other, register(ctx.tracker, "south-churn", owned("south", "lake-2")))
    assert champion_of(ctx, CHURN) == mine
    assert champion_of(other, CHURN) == of_key


@pytest.mark.parametrize(
    ("tags", "whose"),
    [
        (owned(lake="lake-2"), "trained on a lake with id lake-2"),
        (owned(source="south"), "belongs to source 'south'"),
        ({}, "do not name the source and the lake"),
    ],
)
def test_a_champion_of_another_or_unknown_owner_is_refused_with_the_remedies(
    ctx: Context, tags: dict[str, str], whose: str
) -> None:
    register(ctx.tracker, "north-churn", tags)
    for use in (
        lambda: champion_of(ctx, CHURN),
        lambda: drift.champion_baseline(ctx, CHURN),
    ):
        with pytest.raises(ForeignModelError, match="model north-churn version 1") as exc_info:
            use()
        message = str(exc_info.value)
        assert whose in message
        for remedy in ("restore that lake", "MLFLOW_TRACKING_URI", "registry_prefix in north.toml"):
            assert remedy in message
        assert ("migrate_registry" in message) is (not tags)


@pytest.mark.parametrize("model", [CHURN, SEGMENTATION])
def test_commands_refuse_a_champion_of_a_missing_lake_before_any_work(
    ctx: Context, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(ctx.tracker, f"north-{model}", owned())
    fresh = Context(lake_of(None), ctx.tracker, SHOP, NOW)
    refused = pytest.raises(ForeignModelError, match="has no tables yet")
    with refused:
        workflow.run(fresh)
    with refused:
        train.train(fresh, model)
    with refused:
        drift.run(fresh, model)
    if model == SEGMENTATION:
        with refused:
            Scorer(SEGMENTATION).refresh(fresh)
        with refused:
            stream.run(fresh, Limits())
        # During a stream, records do not wait for the registry.
        assert not Scorer(SEGMENTATION, streaming=True).refresh(fresh)


def test_a_deleted_experiment_stops_the_workflow_before_any_work(ctx: Context) -> None:
    number = ctx.tracker.client.create_experiment("goldrun-segmentation")
    ctx.tracker.client.delete_experiment(number)
    with pytest.raises(TrackingError, match="mlflow experiments restore"):
        workflow.run(ctx)


def test_a_new_prefix_starts_without_a_champion(ctx: Context) -> None:
    register(ctx.tracker, "north-churn", owned(lake="lake-2"))
    anew = SHOP.model_copy(update={"registry_prefix": "north2"})
    fresh = Context(ctx.lake, ctx.tracker, anew, NOW)
    check_models(fresh, CHURN)
    assert champion_of(fresh, CHURN) is None


# Names of older versions ------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["", "/data/lake", "/data/missing"])
def test_old_names_that_may_belong_to_this_lake_require_a_migration(
    ctx: Context, root: str
) -> None:
    register(ctx.tracker, "churn", {}, root)
    with pytest.raises(ForeignModelError, match="-e migrate_registry -P source=north"):
        check_models(ctx, CHURN, SEGMENTATION)
    anew = SHOP.model_copy(update={"registry_prefix": "north"})
    check_models(Context(ctx.lake, ctx.tracker, anew, NOW), CHURN)


def test_old_names_of_another_existing_lake_are_ignored(ctx: Context, tmp_path: Path) -> None:
    register(ctx.tracker, "churn", {}, str(tmp_path))
    register(ctx.tracker, "churn", {}, "s3a://bucket/lake")
    check_models(ctx, CHURN, SEGMENTATION)
    assert champion_of(ctx, CHURN) is None


def test_old_names_are_ignored_once_the_shop_has_its_own(ctx: Context) -> None:
    register(ctx.tracker, "churn", {}, "/data/lake")
    recorded(ctx, register(ctx.tracker, "north-churn", owned()))
    check_models(ctx, CHURN, SEGMENTATION)
    found = champion_of(ctx, CHURN)
    assert found is not None
    assert found.name == "north-churn"


def test_a_name_without_a_prefix_is_checked_too(ctx: Context) -> None:
    bare = Context(ctx.lake, ctx.tracker, SHOP.model_copy(update={"registry_prefix": ""}), NOW)
    register(ctx.tracker, "churn", {}, "/data/lake")
    with pytest.raises(ForeignModelError, match=r"model churn version 1.*migrate_registry"):
        check_models(bare, CHURN)
    recorded(bare, register(ctx.tracker, "churn", owned()))
    check_models(bare, CHURN)
