"""The model of docs/how-to/add-a-model.md is trained as the page describes."""

import random
from pathlib import Path

import pytest
from mlflow import MlflowClient

from goldrun.contracts.source import Source
from goldrun.errors import NotPromotedError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from tests.conftest import NOW
from tests.fuzz.shop import TOML, some_orders, write_csv
from tests.how_to.documents import files_of, replace_once
from tests.jobs.old_files import age
from tests.profiles import without_profiles
from tests.project_copy import Project

pytestmark = pytest.mark.e2e

FILES = files_of("add-a-model.md")
REGISTRY = "src/goldrun/learning/models.py"
MODEL = "shop-repurchase"


@pytest.fixture(scope="module")
def extended(engine: Engine, tracker: Tracker, clone: Project) -> Project:
    """A clone of the project with the model of the page, and the gold tables of a small shop."""
    for path, text in FILES.items():
        file = clone.folder / path
        if path == REGISTRY:
            replace_once(file, "\n}\n", f"\n{text}}}\n")
        else:
            assert not file.exists()
            file.write_text(text)
    ctx = Context(Lake(engine, str(clone.lake)), tracker, _add_shop(clone.folder), NOW)
    with tracker.run("gold", "how-to"), without_profiles():
        bronze.run(ctx)
        silver.run(ctx)
        gold_tables.run(ctx)
    return clone


def _add_shop(folder: Path) -> Source:
    """Write a file of orders and the shop's settings; return these."""
    (folder / "in").mkdir()
    write_csv(folder / "in" / "orders.csv", some_orders(random.Random(0), customers=200))
    age(folder / "in" / "orders.csv")
    settings = folder / "shop.toml"
    settings.write_text(TOML.replace('"in/', f'"{folder}/in/'))
    return load_source(str(settings))


def test_the_page_needs_three_files() -> None:
    assert len(FILES) == 3
    assert REGISTRY in FILES


def test_the_model_is_trained_registered_and_gated(extended: Project) -> None:
    done = extended.script("train", "--source=shop.toml", "--model=repurchase")
    # Four months of 200 customers: the gate refuses it, with what helps.
    assert done.code == NotPromotedError.exit_code, done.output
    client = MlflowClient(extended.store)
    version = client.get_model_version_by_alias(MODEL, "challenger")
    assert version.tags["goldrun.decision"] == "not promoted"
    run = client.get_run(str(version.run_id))
    assert run.data.tags["goldrun.quality"] == "pass"
    experiment = client.get_experiment_by_name("goldrun-repurchase")
    assert experiment is not None
    assert run.info.experiment_id == experiment.experiment_id
    assert run.data.params["repurchase.horizon_days"] == "30"
    assert 0 < run.data.metrics["auc"] < 1
    assert "Time reminders to customers of one shop." in str(version.description)
    assert "| auc |" in str(version.description)
    assert "recency.auc" in run.data.metrics
    below = client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    )
    assert {each.info.run_name for each in below} == {"data_quality", "feature_drift"}


def test_an_unknown_model_is_refused_with_the_nearest_name(extended: Project) -> None:
    done = extended.script("train", "--source=shop.toml", "--model=repurchases")
    assert done.code == 2
    assert "did you mean 'repurchase'?" in done.output
