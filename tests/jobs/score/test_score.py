"""The champion of churn scores every customer of today, and the list names them."""

import csv
import math
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from goldrun.contracts import gold
from goldrun.errors import NoChampionError, SettingsError
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.erasure.secret import VARIABLE
from goldrun.io.tracking.models import register_model
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.aggregate.snapshots import write_snapshots
from goldrun.jobs.context import Context
from goldrun.jobs.erase import erase
from goldrun.jobs.names import CHURN, SEGMENTATION
from goldrun.jobs.promote.champions import owner_of
from goldrun.jobs.score import score
from goldrun.jobs.train.inputs import read_inputs
from goldrun.learning.churn.classifier import fit_churn
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.origins import Origins
from tests.jobs.conftest import HEADER, new_shop, own_store
from tests.jobs.promote.versions import record_champion

FEATURES = ("recency_days", "purchase_frequency", "total_spend")
FIRST = date(2024, 1, 1)
DAYS = 90
TODAY = FIRST + timedelta(days=DAYS)
"""The day after the observed end: a customer orders every day."""
LATE, CAREFUL = "late-99", "=sum-1"
"""One who ordered after the test origin only, and one whose id looks like a formula."""
TEST = FIRST + timedelta(days=60)


def orders() -> list[tuple[str, date, int]]:
    """Customer, day and amount of each order."""
    found = [("daily-0", FIRST + timedelta(days=day), 5) for day in range(DAYS)]
    for number in range(1, 15):
        who = CAREFUL if number == 1 else f"who-{number}"
        found += [(who, FIRST + timedelta(days=n), 3 * number) for n in range(0, 50, number)]
    return [*found, (LATE, TODAY - timedelta(days=2), 40)]


def values_before(day: date) -> dict[str, tuple[float, float, float]]:
    """Recency, frequency and spend of each customer, from the orders in plain Python."""
    known = defaultdict(list)
    for who, when, amount in orders():
        if when < day:
            known[who].append((when, amount))
    return {
        who: ((day - max(w for w, _ in theirs)).days, len(theirs), sum(a for _, a in theirs))
        for who, theirs in known.items()
    }


@dataclass
class Scored:
    """A lake whose customers are scored, and the model that did it."""

    ctx: Context
    model: Pipeline
    file: Path
    run_id: str


def fitted() -> Pipeline:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(1.0 + random.integers(0, 90, (200, 3)), columns=list(FEATURES))
    settings = ChurnSettings.model_validate(
        {"estimator": "logistic_regression", "features": FEATURES}
    )
    churned = (frame.recency_days + random.normal(0, 20, 200) > 45).astype(int)
    return fit_churn(settings, frame, churned)


def promote(ctx: Context, model: Pipeline) -> None:
    tracker, name = ctx.tracker, ctx.source.registered_name(CHURN)
    example = pd.DataFrame([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], columns=list(FEATURES))
    with tracker.run("churn", "goldrun-churn"):
        version = register_model(tracker, model, name, example, predict="predict_proba").version
    tracker.tag_version(name, version, owner_of(ctx).tags())
    tracker.promote(name, version)
    record_champion(ctx, name, version)


@pytest.fixture(scope="module")
def unscored(
    engine: Engine, empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Context]:
    """A shop's gold, in a store without models."""
    place = tmp_path_factory.mktemp("shop")
    with own_store(place, empty_store) as tracker:
        shop = new_shop(engine, tracker, place)
        lines = [
            f"t{number},{who},1,{amount},{amount},{day} 10:00:00,completed,{day} 10:00:00"
            for number, (who, day, amount) in enumerate(orders())
        ]
        shop.add_file("orders.csv", *lines, header=HEADER)
        shop.bronze()
        shop.silver()
        with shop.ctx.tracker.run("gold", "goldrun-pipeline"):
            gold_tables.run(shop.ctx)
        yield shop.ctx


@pytest.fixture(scope="module")
def scored(unscored: Context, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    model, file = fitted(), tmp_path_factory.mktemp("lists") / "churn.csv"
    promote(unscored, model)
    return Scored(unscored, model, file, run(unscored, csv=str(file)))


@pytest.fixture
def copied(scored: Scored, tmp_path: Path) -> Context:
    """The shop with a copy of the lake, which a test may change."""
    lake = scored.ctx.lake
    shutil.copytree(lake.root, tmp_path / "lake")
    return replace(scored.ctx, lake=Lake(lake.engine, str(tmp_path / "lake")))


def run(ctx: Context, name: str = CHURN, **given: Any) -> str:
    with ctx.tracker.run("score", "goldrun-churn") as run_id:
        score.run(ctx, name, **given)
    return run_id


def table(ctx: Context) -> pd.DataFrame:
    return ctx.lake.read(gold.CHURN_SCORES.name).toPandas().set_index("customer_id")


def chances_of(model: Pipeline, values: dict[str, tuple[float, float, float]]) -> dict[str, float]:
    frame = pd.DataFrame.from_dict(values, orient="index", columns=list(FEATURES)).astype(float)
    return dict(zip(frame.index, model.predict_proba(frame)[:, 1], strict=True))


def test_a_model_without_a_champion_is_trained_first(unscored: Context) -> None:
    with pytest.raises(NoChampionError, match=r"-e train -P model=segmentation -P source=shop"):
        run(unscored, SEGMENTATION)
    assert not unscored.lake.exists(gold.SEGMENTS.name)


def test_every_customer_of_today_is_scored_by_the_champion(scored: Scored) -> None:
    found, expected = table(scored.ctx), chances_of(scored.model, values_before(TODAY))
    assert found[gold.CHURN_PROBABILITY].to_dict() == pytest.approx(expected, abs=1e-12)
    assert LATE in found.index
    by_rank = sorted(expected, key=lambda who: (-expected[who], who))
    assert found.sort_values(gold.RANK).index.tolist() == by_rank
    assert sorted(found[gold.RANK]) == list(range(1, len(expected) + 1))
    assert set(found[gold.AS_OF]) == {TODAY}
    assert set(found[gold.MODEL_VERSION]) == {1}
    version = scored.ctx.lake.version("gold/customer_features")
    assert set(found[gold.FEATURES_VERSION]) == {version}
    # Ordered on each of the first 50 days.
    assert "no order for 41 days; usually every 1" in found[gold.REASONS][CAREFUL]


def test_the_file_lists_the_customers_by_rank(scored: Scored) -> None:
    with scored.file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    found = table(scored.ctx)
    assert [int(row["rank"]) for row in rows] == list(range(1, len(found) + 1))
    assert f"'{CAREFUL}" in [row["customer_id"] for row in rows]
    for row in rows:
        stored = found.loc[row["customer_id"].removeprefix("'")]
        assert float(row["churn_probability"]) == stored[gold.CHURN_PROBABILITY]
        assert row["reasons"] == " | ".join(stored[gold.REASONS])
        assert row["expected_profit"] == ""


def test_the_run_names_versions_and_no_customer(scored: Scored) -> None:
    client = scored.ctx.tracker.client
    data = client.get_run(scored.run_id).data
    assert data.params == {"churn.as_of": str(TODAY), "churn.champion": "1"}
    assert data.metrics == {"customers": 16}
    assert "delta.version.gold.churn_scores" in data.tags
    assert client.list_artifacts(scored.run_id) == []


def test_scoring_again_changes_nothing(copied: Context) -> None:
    before = copied.lake.version(gold.CHURN_SCORES.name)
    run(copied)
    assert copied.lake.version(gold.CHURN_SCORES.name) == before


def test_scores_that_stay_equal_are_not_written_for_a_new_version_of_the_features(
    copied: Context,
) -> None:
    before = copied.lake.versions([gold.CHURN_SCORES.name, CUSTOMER_FEATURES.name])
    write_snapshots(copied, [TEST])
    run(copied)
    after = copied.lake.versions([*before])
    assert after[CUSTOMER_FEATURES.name] > before[CUSTOMER_FEATURES.name]
    assert after[gold.CHURN_SCORES.name] == before[gold.CHURN_SCORES.name]


def test_a_training_run_scores_today_and_not_its_test_origin(scored: Scored) -> None:
    train, history = TEST - timedelta(days=20), history_of(scored.ctx)
    current = read_inputs(scored.ctx, Origins((train,), test=TEST), history).current
    assert current.as_of == TODAY
    assert {row.customer_id for row in current.rows.select("customer_id").collect()} == set(
        values_before(TODAY)
    )
    unsupervised = read_inputs(scored.ctx, Origins((train,)), history).current
    assert unsupervised.as_of == train


def test_a_model_that_does_not_exist_and_a_file_in_the_lake_are_refused(scored: Scored) -> None:
    with pytest.raises(SettingsError, match="did you mean 'churn'"):
        run(scored.ctx, "chrun")
    with pytest.raises(SettingsError, match="is in the lake"):
        run(scored.ctx, csv=f"{scored.ctx.lake.root}/churn.csv")


def test_a_past_date_scores_who_was_a_customer_then(scored: Scored, copied: Context) -> None:
    run(copied, as_of=TEST)
    found, expected = table(copied), chances_of(scored.model, values_before(TEST))
    assert LATE not in expected
    assert found[gold.CHURN_PROBABILITY].to_dict() == pytest.approx(expected, abs=1e-12)
    assert set(found[gold.AS_OF]) == {TEST}
    assert not found[gold.CHURN_PROBABILITY].map(math.isnan).any()


def test_an_erasure_removes_the_persons_score(
    copied: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "the key of these tests, which is long enough")
    assert LATE in table(copied).index
    with copied.tracker.run("erase", "goldrun-pipeline"):
        erase.run(copied, LATE)
    assert set(table(copied).index) == set(values_before(TODAY)) - {LATE}
