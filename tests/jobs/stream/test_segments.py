"""With a champion of segmentation, a stream updates segments and records changes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import count
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from pyspark.sql import Row, SparkSession
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.models import register_model
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.promote.champions import owner_of
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from goldrun.learning.segmentation.model import NAMES
from tests.jobs.promote.versions import record_champion
from tests.jobs.stream.brief import NOW, feed

pytestmark = [pytest.mark.of_spark, pytest.mark.e2e]

FEW, MANY = [1.0, 1.0], [8.0, 8.0]
"""Orders of the customers of the two segments: up to four are few, from five are many."""


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracker]:
    """A separate tracking store and registry."""
    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    yield Tracker()
    mlflow.set_tracking_uri(before)


def promote_champion(ctx: Context) -> dict[str, int]:
    """Register and promote a model with segments for few and many orders; return them by name."""
    tracker, name = ctx.tracker, ctx.source.registered_name(SEGMENTATION)
    orders = pd.DataFrame({"purchase_frequency": FEW + MANY})
    model = Pipeline([("segments", KMeans(2, n_init=1, random_state=0))]).fit(orders)
    few, *_, many = (int(n) for n in model.predict(orders))
    with tracker.run("segmentation", "goldrun-segmentation"):
        tracker.log_text(json.dumps({str(few): "few", str(many): "many"}), NAMES)
        version = register_model(
            tracker, model, name, orders, predict="predict", texts=[NAMES]
        ).version
    tracker.tag_version(name, version, owner_of(ctx).tags())
    tracker.promote(name, version)
    record_champion(ctx, name, version)
    return {"few": few, "many": many}


def rows(ctx: Context, table: str) -> list[Row]:
    return ctx.lake.read(table).collect() if ctx.lake.exists(table) else []


@pytest.mark.slow
def test_a_change_of_segment_is_recorded_with_old_new_and_time(
    engine: Engine, own_store: Tracker, tmp_path: Path
) -> None:
    ticks = (NOW + timedelta(seconds=n) for n in count())
    # Each of 100 users gets a row in turn.
    source = load_source(feed(tmp_path, 150))
    ctx = Context(Lake(engine, str(tmp_path / "lake")), own_store, source, NOW)

    def stream_rows(number: int) -> None:
        with own_store.run("stream", "goldrun-pipeline"):
            at_start = replace(ctx, now=next(ticks))
            stream.run(at_start, Limits(rows=number, every=0.1), lambda: next(ticks))

    stream_rows(300)
    assert rows(ctx, "gold/segments") == []
    numbers = promote_champion(ctx)
    stream_rows(100)
    segments = {row["customer_id"]: row for row in rows(ctx, "gold/segments")}
    assert len(segments) == 100
    assert {(r["segment"], r["segment_name"]) for r in segments.values()} == {
        (numbers["few"], "few")
    }
    assert rows(ctx, "gold/segment_changes") == []
    stream_rows(50)
    changed = {row["customer_id"]: row for row in rows(ctx, "gold/segment_changes")}
    assert set(changed) == {str(user) for user in range(1, 51)}
    for row in changed.values():
        assert (row["from_segment"], row["from_name"]) == (numbers["few"], "few")
        assert (row["to_segment"], row["to_name"]) == (numbers["many"], "many")
        assert row["model_version"] == 1
        assert row["changed_at"].astimezone(UTC) > NOW
    named = {r["customer_id"]: r["segment_name"] for r in rows(ctx, "gold/segments")}
    assert {user for user, name in named.items() if name == "many"} == set(changed)


def test_a_recorded_change_is_not_recorded_again_after_a_stop(
    spark: SparkSession,
    engine: Engine,
    own_store: Tracker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake = Lake(engine, str(tmp_path / "lake"))
    lake.create(lineage.bronze_table("transactions"))
    at_start = Context(lake, own_store, load_source(feed(tmp_path, 150)), NOW)
    numbers, scorer = promote_champion(at_start), Scorer(SEGMENTATION, streaming=True)
    ticks = (NOW + timedelta(seconds=n) for n in count())

    def score(*orders: tuple[str, float]) -> None:
        ctx = Context(lake, own_store, load_source(feed(tmp_path, 150)), next(ticks))
        features = spark.createDataFrame(orders, "customer_id string, purchase_frequency double")
        assert scorer.refresh(ctx)
        scorer.score(ctx, features, NOW.date(), features.select("customer_id"))

    def changes() -> list[tuple[str, int, int]]:
        found = lake.read("gold/segment_changes").orderBy("changed_at").collect()
        return [(row["customer_id"], row["from_segment"], row["to_segment"]) for row in found]

    few, many = numbers["few"], numbers["many"]
    score(("a", 1.0), ("b", 1.0))
    with monkeypatch.context() as stopped:
        stopped.setattr(Lake, "replace_rows", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            score(("a", 8.0))
    assert changes() == [("a", few, many)]
    score(("a", 8.0))
    assert changes() == [("a", few, many)]
    score(("a", 1.0), ("b", 8.0))
    # Without a completed order there is no customer to score.
    ctx = Context(lake, own_store, load_source(feed(tmp_path, 150)), next(ticks))
    nobody = spark.createDataFrame([], "customer_id string, purchase_frequency double")
    pending = spark.createDataFrame([("d",)], "customer_id string")
    scorer.score(ctx, nobody, NOW.date(), pending)
    assert sorted(changes()[1:]) == sorted([("a", many, few), ("b", few, many)])
