"""Running the workflow a second time changes nothing but the list of runs."""

import json
from datetime import timedelta

import pytest

from goldrun.io.delta.lake import Lake
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.monitor import drift
from goldrun.jobs.refine import silver
from goldrun.jobs.workflow import workflow
from tests.conftest import NOW

pytestmark = pytest.mark.slow


def versions(lake: Lake) -> dict[str, int]:
    tables = ["bronze/transactions", "silver/quarantine", "silver/duplicates"]
    tables += ["silver/transactions", "silver/transactions_history", "silver/customers"]
    tables += ["gold/customer_daily", "gold/customer_features", "gold/user_features"]
    tables += ["gold/segments", "gold/churn_scores"]
    found = lake.versions(tables)
    assert set(found) == set(tables)
    return found


def run_tags(retail: Context, alias: str, model: str = "online_retail-churn") -> dict[str, str]:
    """Return the tags of the training run of the version with an alias."""
    version = retail.tracker.client.get_model_version_by_alias(model, alias)
    return dict(retail.tracker.client.get_run(str(version.run_id)).data.tags)


@pytest.fixture
def later(retail: Context) -> Context:
    return Context(retail.lake, retail.tracker, retail.source, NOW + timedelta(days=1))


@pytest.fixture(scope="module")
def workflow_again(retail: Context) -> tuple[dict[str, int], dict[str, int]]:
    """Versions of the tables before and after a second run of the workflow."""
    before = versions(retail.lake)
    later = Context(retail.lake, retail.tracker, retail.source, NOW + timedelta(days=1))
    with retail.tracker.run("workflow", "goldrun-pipeline"):
        workflow.run(later)
    return before, versions(retail.lake)


def test_no_table_gets_a_row_or_an_empty_commit(later: Context) -> None:
    before = versions(later.lake)
    with later.tracker.run("refinement", "goldrun-pipeline"):
        bronze.run(later)
        silver.run(later)
        gold_tables.run(later)
    assert versions(later.lake) == before


def test_training_again_gives_no_table_a_row_or_an_empty_commit(
    workflow_again: tuple[dict[str, int], dict[str, int]],
) -> None:
    before, after = workflow_again
    assert after == before


@pytest.mark.usefixtures("workflow_again")
@pytest.mark.parametrize("model", ["online_retail-churn", "online_retail-segmentation"])
def test_the_champion_stays_and_the_equal_challenger_has_the_reason(
    retail: Context, model: str
) -> None:
    aliases = retail.tracker.aliases(model)
    assert aliases["champion"] == 1
    assert aliases["challenger"] >= 2
    challenger = retail.tracker.client.get_model_version_by_alias(model, "challenger")
    assert challenger.tags["goldrun.decision"] == "not promoted"
    now, before = (run_tags(retail, alias, model) for alias in ("challenger", "champion"))
    assert "same rows with the same settings as champion version 1" in now["goldrun.decision"]
    assert now["goldrun.content_hash"] == before["goldrun.content_hash"]


@pytest.mark.usefixtures("workflow_again")
def test_mlflow_ranks_the_models_of_all_trainings_on_the_same_test_rows(retail: Context) -> None:
    client = retail.tracker.client
    champion = retail.tracker.champion("online_retail-churn")
    assert champion is not None
    run = client.get_run(champion.run_id)
    assert run.inputs is not None
    (rows,) = [
        {"dataset_name": each.dataset.name, "dataset_digest": each.dataset.digest}
        for each in run.inputs.dataset_inputs
        if "test" in [tag.value for tag in each.tags]
    ]
    by_auc = {"field_name": "metrics.auc", "ascending": False, **rows}
    ranked = client.search_logged_models(
        [run.info.experiment_id], datasets=[rows], order_by=[by_auc]
    )
    assert {"1", "2"} <= {
        str(version["version"])
        for model in ranked
        for version in json.loads(model.tags["mlflow.modelVersions"])
    }


@pytest.mark.usefixtures("workflow_again")
def test_drift_is_measured_against_the_champions_training_data(retail: Context) -> None:
    champion = retail.tracker.champion("online_retail-churn")
    assert champion is not None
    text = retail.tracker.read_artifact(champion.run_id, drift.BASELINE)
    evidence = run_tags(retail, "challenger")["goldrun.drift_run_id"]
    assert retail.tracker.read_artifact(evidence, "reference.json") == text
    run = retail.tracker.client.get_run(evidence)
    assert run.data.tags["goldrun.reference"] == "champion version 1"


def test_the_churn_rows_are_named_in_its_parameters(retail: Context) -> None:
    champion = retail.tracker.champion("online_retail-churn")
    assert champion is not None
    run = retail.tracker.client.get_run(champion.run_id)
    assert run.data.params["churn.as_of"] == "2011-09-10"
    origins = run.data.params["churn.origins"].split(", ")
    assert (len(origins), origins[0], origins[-1]) == (18, "2011-02-13", "2011-06-12")
    assert run.data.params["churn.candidate"] == "pairs C=0.001"
