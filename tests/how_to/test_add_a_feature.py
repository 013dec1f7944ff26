"""The feature of docs/how-to/add-a-feature.md is added to a lake that older code wrote."""

import re
import shutil
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from mlflow import MlflowClient

from goldrun.io.engines.base import Engine
from tests.e2e.test_old_lake import ARCHIVE
from tests.fuzz.command import run_command
from tests.how_to.documents import files_of, replace_once
from tests.profiles import without_profiles
from tests.project_copy import Done, Project

pytestmark = pytest.mark.e2e

FILES = files_of("add-a-feature.md")
CATALOG = "src/goldrun/features/catalog/purchase_features.py"
FEATURE = "orders_on_weekends"
END = ')\n"""Columns of ``gold/customer_features``, after those of ``refund_features``."""'
EARLIER = "earlier-lake"
SOURCE = ("--source=marketplace.toml", "--lake=lake")


@pytest.fixture(scope="module")
def extended(engine: Engine, clone: Project) -> Project:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(clone.folder, filter="data")
    # The tables of the old lake as today's code leaves them without the feature.
    with without_profiles():
        for step in ("silver", "gold"):
            ended = run_command(engine, clone.folder, step, SOURCE)
            assert ended.code == 0, ended.output
    shutil.copytree(clone.lake, clone.folder / EARLIER)
    for path, text in FILES.items():
        replace_once(clone.folder / path, END, text + END)
    return clone


@pytest.fixture(scope="module")
def earlier(extended: Project) -> pd.DataFrame:
    return stored(extended.folder / EARLIER, "customer_features")


@pytest.fixture(scope="module")
def updated(extended: Project, earlier: pd.DataFrame) -> Done:
    assert FEATURE not in earlier
    return extended.script("gold", *SOURCE)


def stored(lake: Path, name: str) -> pd.DataFrame:
    return DeltaTable(lake / "gold" / name).to_pandas()


def expected(lake: Path, features: pd.DataFrame) -> list[int]:
    """Count the weekend orders of each row of the features from the days of its customer."""
    daily = stored(lake, "customer_daily")
    weekday = pd.to_datetime(daily["day"]).dt.dayofweek
    weekend = daily[weekday >= 5]
    rows = zip(features["customer_id"], features["as_of"], strict=True)
    return [
        int(
            weekend[(weekend["customer_id"] == who) & (weekend["known_from"] < as_of)][
                "orders"
            ].sum()
        )
        for who, as_of in rows
    ]


def test_the_page_needs_one_file() -> None:
    assert list(FILES) == [CATALOG]


def test_the_next_run_adds_the_column_to_all_snapshots(
    extended: Project, earlier: pd.DataFrame, updated: Done
) -> None:
    assert updated.code == 0, updated.output
    assert re.search(rf"gold/customer_features gains .*\b{FEATURE}\b", updated.output)
    now = stored(extended.lake, "customer_features")
    assert list(now[FEATURE]) == expected(extended.lake, now)
    assert now[FEATURE].sum() > 0
    assert now["as_of"].nunique() > 1
    key = ["as_of", "customer_id"]
    others = now[list(earlier.columns)].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(others, earlier.sort_values(key, ignore_index=True))


@pytest.mark.usefixtures("updated")
def test_the_profile_the_dictionary_and_drift_have_it(extended: Project) -> None:
    client = MlflowClient(extended.store)
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = client.search_runs(experiments)
    assert any(f"customer_features.{FEATURE}.nulls" in run.data.metrics for run in runs)
    code = (
        "from goldrun.jobs.data_model.page import page; "
        "from goldrun.features.catalog.feature_tables import feature_named; "
        f"assert '`{FEATURE}`' in page(); "
        f"assert feature_named('{FEATURE}').grows_with_time"
    )
    done = extended.run("env", "PYTHONPATH=src:.", "python", "-c", code)
    assert done.code == 0, done.output


@pytest.mark.usefixtures("updated")
def test_a_second_run_writes_nothing(extended: Project) -> None:
    table = extended.lake / "gold" / "customer_features"
    version = DeltaTable(table).version()
    assert extended.script("gold", *SOURCE).code == 0
    assert DeltaTable(table).version() == version
