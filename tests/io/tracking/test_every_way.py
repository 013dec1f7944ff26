"""A model predicts the same through goldrun, MLflow's pyfunc and a Spark UDF, in any process."""

import os
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Tracker
from tests.io.tracking.stored_models import COUNTS, FEATURES, MODELS, customers, fitted, store
from tests.project_copy import ROOT

pytestmark = pytest.mark.e2e

KINDS = ["splines", "trees", "segments"]


def rows_of_gold() -> pd.DataFrame:
    """Rows as gold has them: other columns, integers, decimals and doubles."""
    frame = customers()
    decimals = frame.total_spend.map(lambda value: Decimal(str(round(value, 4))))
    return frame.assign(customer_id=[f"C{n}" for n in frame.index], total_spend=decimals)


def doubles(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[list(FEATURES)].astype(np.float64)


@dataclass(frozen=True)
class Elsewhere:
    """What a fresh process predicts, through goldrun and through pyfunc."""

    goldrun: NDArray[Any]
    pyfunc: NDArray[Any]


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest, own_store: Tracker) -> str:
    name = str(request.param)
    store(own_store, f"shop-{name}", name)
    return name


@pytest.fixture(scope="module")
def elsewhere(kind: str, own_store: Tracker, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    folder = tmp_path_factory.mktemp("elsewhere")
    rows_of_gold().to_parquet(folder / "rows.parquet")
    script = [sys.executable, "-m", "tests.io.tracking.loaded_elsewhere"]
    subprocess.run(
        [*script, f"shop-{kind}", folder / "rows.parquet", MODELS[kind][1], folder / "out.npz"],
        cwd=ROOT,
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": own_store.uri,
            "PYTHONPATH": os.pathsep.join(["src", "."]),
        },
        check=True,
        capture_output=True,
    )
    found = np.load(folder / "out.npz")
    return Elsewhere(found["goldrun"], found["pyfunc"])


def test_a_fresh_process_predicts_the_same_bits_through_goldrun_and_pyfunc(
    kind: str, elsewhere: Elsewhere
) -> None:
    """The rows are given to pyfunc as they are: no column is cast, none is left out."""
    expected = np.asarray(getattr(fitted(kind), MODELS[kind][1])(doubles(rows_of_gold())))
    assert elsewhere.goldrun.tobytes() == expected.tobytes()
    assert elsewhere.pyfunc.tobytes() == expected.tobytes()


def test_batches_of_other_sizes_differ_by_rounding_at_most(
    kind: str, elsewhere: Elsewhere, own_store: Tracker
) -> None:
    champion = own_store.champion(f"shop-{kind}")
    assert champion is not None
    model, _ = load_champion(champion)
    rows = doubles(rows_of_gold())
    parts = [getattr(model, MODELS[kind][1])(rows[n : n + 7]) for n in range(0, len(rows), 7)]
    assert np.abs(np.concatenate(parts) - elsewhere.goldrun).max() <= 1e-12


@pytest.mark.parametrize("nulls", [0, 20])
def test_counts_are_accepted_as_integers_and_as_doubles_with_nulls(
    own_store: Tracker, nulls: int
) -> None:
    name = f"shop-nulls-{nulls}"
    store(own_store, name, "splines")
    rows = rows_of_gold()
    if nulls:
        rows[list(COUNTS)] = rows[list(COUNTS)].astype(np.float64)
        rows.loc[: nulls - 1, list(COUNTS)] = np.nan
    served = mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(rows)
    expected = fitted("splines").predict_proba(doubles(rows))
    assert np.asarray(served).tobytes() == expected.tobytes()


@pytest.mark.of_spark
def test_a_spark_udf_predicts_the_same(
    kind: str, elsewhere: Elsewhere, own_store: Tracker, spark: SparkSession
) -> None:
    udf = mlflow.pyfunc.spark_udf(
        spark, f"models:/shop-{kind}@champion", env_manager="local", result_type="array<double>"
    )
    frame = spark.createDataFrame(rows_of_gold()).withColumn("row", F.monotonically_increasing_id())
    expected = elsewhere.goldrun.astype(np.float64).reshape(len(elsewhere.goldrun), -1)
    for partitions in (1, 3):
        # With one partition Arrow's batch is the whole frame, as it was elsewhere.
        parted = frame.repartition(partitions).sortWithinPartitions("row")
        scored = parted.select("row", udf(*FEATURES).alias("score")).orderBy("row").collect()
        found = np.array([row["score"] for row in scored])
        assert np.abs(found - expected).max() <= 1e-12
        if partitions == 1:
            assert found.tobytes() == expected.tobytes()
