"""The tables, runs and models after ``make demo``."""

import json
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable
from mlflow.entities import Run

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.io.tracking.models import load_champion
from goldrun.jobs.context import Context
from goldrun.jobs.monitor import drift
from goldrun.learning.models import load_model
from tests.project_copy import Done, Project

pytestmark = pytest.mark.e2e

MODELS = ("churn", "segmentation")
CANDIDATES: dict[str, tuple[str, ...]] = {
    "churn": (
        *("candidate rfm", "candidate habits", "candidate splines", "candidate trees"),
        *(f"candidate pairs C={c}" for c in ("0.0003", "0.001", "0.003")),
    ),
    "segmentation": (),
}
"""Runs of the candidates that each model is chosen from."""


def registered(model: str) -> str:
    return f"online_retail-{model}"


def run_of(ctx: Context, model: str, version: int = 1) -> Run:
    found = ctx.tracker.client.get_model_version(registered(model), str(version))
    return ctx.tracker.client.get_run(str(found.run_id))


def children_of(ctx: Context, run: Run) -> dict[str, Run]:
    found = ctx.tracker.client.search_runs(
        [run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    )
    return {child.info.run_name: child for child in found}


def artifacts_of(ctx: Context, run: Run, folder: str | None = None) -> set[str]:
    listed = ctx.tracker.client.list_artifacts(run.info.run_id, folder)
    return {entry.path for entry in listed}


@pytest.mark.usefixtures("retail")
def test_the_summary_lists_rows_verdicts_models_and_locations(demo: Done) -> None:
    summary = demo.output[demo.output.index("Rows") :]
    for fact in (
        "541,909",
        "401,564",
        "135,120",
        "5,225",
        "accounting closed",
        "data_quality",
        "feature_drift of online_retail-churn",
        "AUC 0.74",
        "champion = 1",
        "mlflow ui",
    ):
        assert fact in summary


@pytest.mark.usefixtures("retail")
def test_progress_names_the_current_stage_and_spark_logs_nothing(demo: Done) -> None:
    for number in range(1, 7):
        assert f"[{number}/6]" in demo.output
    assert "WARN" not in demo.output
    assert "jdk.incubator" not in demo.output
    assert "Traceback" not in demo.output


def test_the_workflow_run_has_both_training_runs_as_children(retail: Context) -> None:
    client = retail.tracker.client
    experiment = client.get_experiment_by_name("goldrun-pipeline")
    assert experiment is not None
    (workflow,) = client.search_runs(
        [experiment.experiment_id], "tags.`mlflow.project.entryPoint` = 'main'"
    )
    for model in MODELS:
        training = run_of(retail, model)
        assert training.data.tags["mlflow.parentRunId"] == workflow.info.run_id
        home = client.get_experiment(training.info.experiment_id)
        assert home.name == f"goldrun-{model}"


@pytest.mark.parametrize("model", MODELS)
def test_each_training_run_has_quality_and_drift_runs(retail: Context, model: str) -> None:
    children = children_of(retail, run_of(retail, model))
    assert set(children) == {"data_quality", "feature_drift", *CANDIDATES[model]}
    quality = children["data_quality"]
    assert quality.data.tags["goldrun.verdict"] == "pass"
    assert quality.data.metrics["transactions.price_not_positive.failed"] == 2517
    assert quality.data.metrics["transactions.price_not_positive.checked"] == 541909
    assert quality.data.metrics["transactions.price_not_positive.passed"] == 541909 - 2517
    assert quality.data.metrics["transactions.duplicate"] == 5225
    assert quality.data.metrics["transactions.lost"] == 0
    assert "transactions.payment_method.null_rate" in quality.data.metrics
    assert "tables/rules.csv" in artifacts_of(retail, quality, "tables")
    assert "plots/failures_by_rule.png" in artifacts_of(retail, quality, "plots")
    drift = children["feature_drift"]
    assert drift.data.tags["goldrun.verdict"] == "fail"
    assert drift.data.metrics["psi_recency_days"] > 0.1
    assert 0 < drift.data.metrics["js_recency_days"] < 1
    assert "plots/distributions.png" in artifacts_of(retail, drift, "plots")


def test_each_candidate_of_churn_is_a_run_and_one_is_chosen(retail: Context) -> None:
    training = run_of(retail, "churn")
    children = children_of(retail, training)
    runs = {name: children[name] for name in CANDIDATES["churn"]}
    chosen = [name for name, run in runs.items() if run.data.tags["goldrun.candidate"] == "chosen"]
    assert chosen == [f"candidate {training.data.params['churn.candidate']}"]
    dates = [name for name in runs["candidate trees"].data.metrics if name.startswith("auc.")]
    assert max(dates) == "auc.2011-06-12"
    assert len(dates) == 6


def test_churn_is_honest_and_beats_both_baselines_on_the_same_rows(retail: Context) -> None:
    metrics = run_of(retail, "churn").data.metrics
    assert metrics["rows"] == 3370
    assert metrics["base_rate"] == pytest.approx(0.430, abs=0.002)
    assert min(metrics[f"{name}.auc_above_low"] for name in ("recency", "frequency", "bg_nbd")) > 0
    # More than .80 on this data would mean a leak.
    assert 0.73 <= metrics["auc"] <= 0.745
    assert metrics["recency.auc"] == pytest.approx(0.6834, abs=0.002)
    assert metrics["frequency.auc"] == pytest.approx(0.7217, abs=0.002)
    assert metrics["auc"] > max(metrics["recency.auc"], metrics["frequency.auc"])
    assert metrics["brier"] == pytest.approx(0.205, abs=0.003)
    assert metrics["average_precision"] > metrics["base_rate"]
    assert metrics["lift_at_10"] == pytest.approx(1.56, abs=0.05)


def test_segments_are_stable_big_enough_and_written_for_every_customer(retail: Context) -> None:
    metrics = run_of(retail, "segmentation").data.metrics
    assert metrics["bootstrap_ari"] >= 0.8
    assert metrics["smallest_share"] >= 0.03
    segments = retail.lake.read(gold.SEGMENTS.name).toPandas()
    assert len(segments) == 4338
    assert segments[CUSTOMER_ID].is_unique
    assert segments[gold.SEGMENT_NAME].nunique() == metrics["segments"]
    assert segments[gold.SEGMENT_NAME].value_counts(normalize=True).min() >= 0.03


def test_churn_scores_are_the_champions_for_every_customer_of_today(retail: Context) -> None:
    scores = retail.lake.read(gold.CHURN_SCORES.name).toPandas().set_index(CUSTOMER_ID)
    assert len(scores) == 4338
    # The test origin is 2011-09-10; the shop's last day is 2011-12-09.
    assert set(scores[gold.AS_OF].astype(str)) == {"2011-12-10"}
    features = retail.lake.read("gold/customer_features").where("as_of = DATE'2011-12-10'")
    today = features.toPandas().set_index(CUSTOMER_ID).loc[scores.index]
    champion = retail.tracker.champion(registered("churn"))
    assert champion is not None
    model, names = load_champion(champion)
    expected = model.predict_proba(today[list(names)].astype(float))[:, 1]
    np.testing.assert_allclose(scores[gold.CHURN_PROBABILITY], expected, atol=1e-12)
    by_rank = scores.sort_values(gold.RANK)[gold.CHURN_PROBABILITY]
    assert by_rank.is_monotonic_decreasing
    assert sorted(scores[gold.RANK]) == list(range(1, 4339))
    assert scores[gold.REASONS].map(len).between(0, 3).all()
    assert scores[gold.REASONS].map(len).gt(0).mean() > 0.5


@pytest.mark.parametrize("model", MODELS)
def test_a_training_run_names_its_exact_data_and_code(retail: Context, model: str) -> None:
    run = run_of(retail, model)
    version = run.data.tags["delta.version.gold.customer_features"]
    assert run.inputs is not None
    named = [({tag.key: tag.value for tag in i.tags}, i) for i in run.inputs.dataset_inputs]
    ((tags, training),) = [pair for pair in named if pair[0]["mlflow.data.context"] == "training"]
    assert tags["delta.table"] == "gold/customer_features"
    assert tags["delta.version"] == version
    assert json.loads(training.dataset.source)["delta_table_version"] == int(version)
    # An empty history is a table too, and its version is 0.
    assert run.data.tags["delta.version.silver.transactions_history"] == "0"
    for table in ("bronze.transactions", "silver.transactions", "gold.customer_daily"):
        assert int(run.data.tags[f"delta.version.{table}"]) >= 1
    assert len(run.data.tags["goldrun.content_hash"]) == 64
    assert len(run.data.tags["goldrun.git.commit"]) == 40
    assert run.data.tags["goldrun.git.dirty"] == "false"
    evidence = json.loads(retail.tracker.read_artifact(run.info.run_id, "evidence.json"))
    children = children_of(retail, run)
    assert evidence["quality_run_id"] == children["data_quality"].info.run_id
    assert evidence["drift_run_id"] == children["feature_drift"].info.run_id


@pytest.mark.parametrize("model", MODELS)
def test_the_first_version_is_challenger_and_champion_with_its_evidence(
    retail: Context, model: str
) -> None:
    aliases = retail.tracker.aliases(registered(model))
    assert aliases["champion"] == 1
    version = retail.tracker.client.get_model_version_by_alias(registered(model), "champion")
    assert version.tags["goldrun.decision"] == "promoted"
    origin = retail.lake.origin("bronze/transactions")
    assert origin is not None
    run = retail.tracker.client.get_run(str(version.run_id))
    assert run.data.tags["goldrun.quality"] == "pass"
    assert run.data.tags["goldrun.drift"] == "fail"
    for tags in (version.tags, run.data.tags):
        assert tags["goldrun.source"] == "online_retail"
        assert tags["goldrun.lake"] == origin.id


def test_a_registered_model_predicts_without_goldrun(retail: Context) -> None:
    rows = pd.DataFrame(
        {
            "recency_days": [1.0, 300.0],
            "purchase_frequency": [30.0, 1.0],
            "total_spend": [20000.0, 50.0],
            "avg_transaction_value": [700.0, 50.0],
            "purchase_gap_mean_days": [10.0, None],
            "purchase_gap_std_days": [3.0, None],
            "distinct_products": [200.0, 3.0],
            "basket_size": [90.0, 12.0],
            "cancellation_rate": [0.1, 0.0],
            "refund_rate": [0.01, 0.0],
        }
    )
    served: Any = mlflow.pyfunc.load_model("models:/online_retail-churn@champion")
    stays, leaves = served.predict(rows)[:, 1]
    assert 0 <= stays < 0.2
    assert 0.6 < leaves <= 1


@pytest.mark.parametrize("model", MODELS)
def test_rows_of_gold_are_served_as_they_are_with_the_bits_of_goldrun(
    retail: Context, model: str
) -> None:
    rows = DeltaTable(retail.lake.path("gold/customer_features")).to_pandas()
    assert rows.purchase_frequency.dtype == np.int64
    champion = retail.tracker.champion(registered(model))
    assert champion is not None
    pipeline, features = load_champion(champion)
    predict = load_model(model).predict
    expected = getattr(pipeline, predict)(rows[list(features)].astype(np.float64))
    served: Any = mlflow.pyfunc.load_model(f"models:/{registered(model)}@champion")
    assert np.asarray(served.predict(rows)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("model", MODELS)
def test_each_version_has_a_model_card(retail: Context, model: str) -> None:
    version = retail.tracker.client.get_model_version(registered(model), "1")
    card = retail.tracker.read_artifact(str(version.run_id), "model_card.md")
    description = str(version.description)
    assert len(description) <= 5_000
    metrics = run_of(retail, model).data.metrics
    name = {"churn": "auc", "segmentation": "bootstrap_ari"}[model]
    for text in (card, description):
        assert f"| {name} | {metrics[name]:.3f}" in text
        # Derived customers have a place in silver and none as of a date.
        assert "Results by location and device are unknown: gold has no value of it." in text
    head, _, *groups = card.split("By tenure.")[1].split("## Data")[0].strip().splitlines()
    customers = [int(row.split("|")[2].replace(",", "")) for row in groups]
    assert sum(customers) == {"churn": 3_370, "segmentation": 4_338}[model]
    results = {"churn": "| mean churned |", "segmentation": "| Champions |"}
    assert results[model] in head


@pytest.mark.parametrize("model", MODELS)
def test_no_customers_row_is_kept_with_a_model(retail: Context, model: str) -> None:
    uri = f"models:/{registered(model)}@champion"
    example = json.loads(mlflow.artifacts.load_text(f"{uri}/extra_files/example.json"))
    kept = pd.DataFrame(example["rows"], columns=example["columns"])
    assert len(kept) == 20
    rows = DeltaTable(retail.lake.path("gold/customer_features")).to_pandas()
    known = rows[example["columns"]].astype(np.float64)
    assert len(kept.merge(known, on=example["columns"])) == 0


def test_the_gold_step_logs_the_tables_metrics(retail: Context) -> None:
    client = retail.tracker.client
    experiment = client.get_experiment_by_name("goldrun-pipeline")
    assert experiment is not None
    (run,) = client.search_runs(
        [experiment.experiment_id], "tags.`mlflow.project.entryPoint` = 'main'"
    )
    assert run.data.metrics["user_features.total_records"] == 4338
    assert run.data.metrics["user_features.total_columns"] == 6
    assert run.data.metrics["user_features.recency_days.min"] == 0
    assert run.data.metrics["user_features.total_spend.nulls"] == 0


@pytest.mark.usefixtures("retail")
def test_with_nothing_set_mlflow_finds_runs_and_models_in_the_folder(project: Project) -> None:
    question = (
        "import mlflow; client = mlflow.MlflowClient();"
        "print(sorted(m.name for m in client.search_registered_models()));"
        "champion = client.get_model_version_by_alias('online_retail-churn', 'champion');"
        "run = client.get_run(champion.run_id);"
        "print([a.path for a in client.list_artifacts(run.info.run_id, 'plots')])"
    )
    answer = project.run("python", "-c", question)
    assert "['online_retail-churn', 'online_retail-segmentation']" in answer.output
    assert "plots/roc_and_pr.png" in answer.output


def test_the_drift_command_compares_the_features_of_the_champion(retail: Context) -> None:
    champion = retail.tracker.champion(registered("churn"))
    assert champion is not None
    with retail.tracker.run("drift", "goldrun-pipeline") as run_id:
        drift.run(retail, "churn")
    _, features = load_champion(champion)
    metrics = retail.tracker.client.get_run(run_id).data.metrics
    assert {name for name in metrics if name.startswith("psi_")} == {f"psi_{f}" for f in features}
