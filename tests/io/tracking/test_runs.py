"""Values of a run are read back, including zero and missing ones."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from mlflow.entities import DatasetInput
from mlflow.entities.model_registry import ModelVersion

from goldrun.errors import TrackingError
from goldrun.io.tracking.datasets import digest_of_test_rows
from goldrun.io.tracking.runs import CHAMPION, Champion, Tracker

EXPERIMENT = "goldrun-churn"


def recorded(
    tracker: Tracker, version: int, digest: str, context: str = "training"
) -> DatasetInput:
    """Log a frame that was read at a Delta version, and read the input back from the run."""
    with tracker.run("frames", EXPERIMENT) as run_id:
        tracker.log_dataset(
            pd.DataFrame({"x": [1.0, 2.0]}),
            name="gold/customer_features",
            path="/lake/gold/customer_features",
            version=version,
            context=context,
            digest=digest,
        )
    inputs = tracker.client.get_run(run_id).inputs
    assert inputs is not None
    (found,) = inputs.dataset_inputs
    return found


@pytest.mark.parametrize(("version", "digest"), [(0, "ab" * 32), (7, "cd" * 32)])
def test_the_delta_version_of_a_frame_is_recorded_even_if_it_is_zero(
    tracker: Tracker, version: int, digest: str
) -> None:
    found = recorded(tracker, version, digest)
    source = json.loads(found.dataset.source)
    assert source["delta_table_version"] == version
    assert source["path"] == "/lake/gold/customer_features"
    tags = {tag.key: tag.value for tag in found.tags}
    assert tags["delta.table"] == "gold/customer_features"
    assert tags["delta.version"] == str(version)
    assert tags["mlflow.data.context"] == "training"
    assert found.dataset.name == "gold/customer_features"
    assert digest.startswith(found.dataset.digest[:16])


def test_the_same_content_at_a_later_version_is_recorded_with_that_version(
    tracker: Tracker,
) -> None:
    """Compaction gives a table a new version with the same content."""
    for version in (1, 2):
        source = json.loads(recorded(tracker, version, "ef" * 32).dataset.source)
        assert source["delta_table_version"] == version


def test_the_same_test_rows_at_a_later_version_are_one_dataset(tracker: Tracker) -> None:
    """MLflow ranks models on a dataset, and each training may read another version."""
    digests = {recorded(tracker, v, "ef" * 32, "test").dataset.digest for v in (1, 2)}
    assert digests == {digest_of_test_rows("ef" * 32, "/lake/gold/customer_features")}
    assert digests != {digest_of_test_rows("ef" * 32, "/other/gold/customer_features")}


def test_a_missing_metric_is_listed_and_not_stored_as_zero(tracker: Tracker) -> None:
    metrics = {"auc": 0.7, "zero": 0.0, "brier": math.nan, "loss": np.inf}
    with tracker.run("numbers", EXPERIMENT) as run_id:
        tracker.log_metrics(metrics)
    run = tracker.client.get_run(run_id)
    assert run.data.metrics == {"auc": 0.7, "zero": 0.0}
    assert run.data.tags["goldrun.not_finite"] == "brier, loss"


def test_complete_metrics_have_no_list_of_missing_ones(tracker: Tracker) -> None:
    with tracker.run("numbers", EXPERIMENT) as run_id:
        tracker.log_metrics({"auc": 0.7})
    assert "goldrun.not_finite" not in tracker.client.get_run(run_id).data.tags


def test_a_store_that_answers_with_an_empty_object_is_not_one_without_a_champion(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = ModelVersion(name="", version="", creation_timestamp=0)
    monkeypatch.setattr(tracker.client, "get_model_version_by_alias", lambda *_: empty)
    with pytest.raises(TrackingError, match="not as an MLflow server of this version"):
        tracker.champion("shop-churn")


def test_a_model_that_was_never_registered_has_no_champion(tracker: Tracker) -> None:
    assert tracker.champion("never-registered") is None


def test_a_model_without_the_alias_has_no_champion_until_a_promotion(tracker: Tracker) -> None:
    name = "registered-only"
    tracker.client.create_registered_model(name)
    with tracker.run("train", EXPERIMENT) as run_id:
        pass
    tracker.client.create_model_version(name, source=f"runs:/{run_id}/model", run_id=run_id)
    assert tracker.champion(name) is None
    tracker.promote(name, 1)
    assert tracker.champion(name) == Champion(name, 1, run_id)
    assert tracker.aliases(name) == {CHAMPION: 1}


def test_a_nested_run_is_a_child_in_its_own_experiment(tracker: Tracker) -> None:
    with tracker.run("outer", "goldrun-pipeline") as outer:
        with tracker.run("inner", EXPERIMENT) as inner, tracker.child_run("check") as check:
            assert tracker.run_id == check
        assert tracker.run_id == outer
    runs = {run_id: tracker.client.get_run(run_id) for run_id in (outer, inner, check)}
    assert runs[inner].data.tags["mlflow.parentRunId"] == outer
    assert runs[check].data.tags["mlflow.parentRunId"] == inner
    names = {
        run_id: tracker.client.get_experiment(run.info.experiment_id).name
        for run_id, run in runs.items()
    }
    assert names == {outer: "goldrun-pipeline", inner: EXPERIMENT, check: EXPERIMENT}


def test_a_run_that_fails_is_marked_failed(tracker: Tracker) -> None:
    run_id = ""
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117
        with tracker.run("fails", EXPERIMENT) as run_id:
            _ = 1 / 0
    assert tracker.client.get_run(run_id).info.status == "FAILED"


def test_without_a_run_there_is_no_run_id(tracker: Tracker) -> None:
    with pytest.raises(RuntimeError, match="no run is active"):
        _ = tracker.run_id


def test_an_artifact_is_read_back_unchanged(tracker: Tracker) -> None:
    with tracker.run("texts", EXPERIMENT) as run_id:
        tracker.log_text("Größe\n", "notes/a.txt")
        tracker.log_table(pd.DataFrame({"a": [1], "b": ["x"]}), "t.csv")
    assert tracker.read_artifact(run_id, "notes/a.txt") == "Größe\n"
    assert tracker.read_artifact(run_id, "t.csv") == "a,b\n1,x\n"
