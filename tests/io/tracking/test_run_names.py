"""Runs have names that one can tell apart, and experiments open with their runs."""

import mlflow
import pytest
from mlflow.utils.name_utils import _generate_random_name

from goldrun.io.tracking.experiments import KIND
from goldrun.io.tracking.run_names import is_generated
from goldrun.io.tracking.runs import Tracker


def name_of(tracker: Tracker, run_id: str) -> str:
    return str(tracker.client.get_run(run_id).info.run_name)


def test_a_run_that_is_named_after_its_step_gets_a_name_of_its_own(tracker: Tracker) -> None:
    with tracker.run("churn", "names") as run_id:
        tracker.name_run("churn myshop")
        tracker.name_run("churn 2011-09-10")
    assert name_of(tracker, run_id) == "churn 2011-09-10"


def test_a_name_that_mlflow_has_drawn_is_replaced_and_one_that_the_user_gave_is_not(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = tracker.client.create_experiment("names of a user")
    for given, kept in ((None, False), ("before the sale", True), ("my-run-1", True)):
        run = tracker.client.create_run(experiment, run_name=given)
        monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
        with tracker.run("churn", "names") as run_id:
            tracker.name_run("churn 2011-09-10")
        assert run_id == run.info.run_id
        assert name_of(tracker, run_id) == (given if kept else "churn 2011-09-10")


def test_drawn_names_are_recognised() -> None:
    drawn = [_generate_random_name() for _ in range(500)]  # type: ignore[no-untyped-call]
    assert all(map(is_generated, drawn))
    assert not any(map(is_generated, ("churn", "", "my-run-1", "a-b", "sales-2024-01")))


def test_an_experiment_is_shown_with_its_runs(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tracker.client
    with tracker.run("first", "shown"):
        pass
    shown = client.get_experiment_by_name("shown")
    assert shown is not None
    assert shown.tags[KIND] == "custom_model_development"
    # One that mlflow run has made.
    mine = client.create_experiment("mine")
    monkeypatch.setenv("MLFLOW_RUN_ID", client.create_run(mine).info.run_id)
    with tracker.run("first", "shown"):
        pass
    assert client.get_experiment(mine).tags[KIND] == "custom_model_development"


def test_the_view_that_a_user_chose_is_kept(tracker: Tracker) -> None:
    chosen = tracker.client.create_experiment("chosen", tags={KIND: "genai_development"})
    with tracker.run("first", "chosen"):
        pass
    assert tracker.client.get_experiment(chosen).tags[KIND] == "genai_development"
    assert mlflow.active_run() is None
