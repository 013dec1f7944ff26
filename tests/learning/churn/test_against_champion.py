"""Challenger and champion are compared by AUC on the same customers, which both score now."""

import pytest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from goldrun.features.catalog import purchase_features
from goldrun.features.labels import CHURNED
from goldrun.learning.churn.baselines import NAMES
from goldrun.learning.churn.classifier import churn_probability, fit_churn
from goldrun.learning.churn.model import MODEL
from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.model import Frames
from goldrun.learning.publication import LoadedModel
from goldrun.registry.conditions import failures
from goldrun.registry.defeats import defeats
from tests.learning.churn.customers import FEATURES, config, shop

WEAK = (purchase_features.AVG_TRANSACTION_VALUE,)
TEST = shop(600, seed=9)


def trained(features: tuple[str, ...], version: int, seed: int = 1) -> LoadedModel:
    rows = shop(800, seed=seed)
    settings = config(features=features)
    return LoadedModel(version, fit_churn(settings, rows, rows[CHURNED]), features, {})


def against(challenger: LoadedModel, champion: LoadedModel) -> HeadToHead:
    return MODEL.compare(config(), challenger, champion, Frames(TEST, TEST))


def promotes(found: HeadToHead) -> bool:
    return defeats(found, GateSettings())[0] == []


def auc_of(model: Pipeline, features: tuple[str, ...]) -> float:
    return float(roc_auc_score(TEST[CHURNED], churn_probability(model, TEST, features)))


def test_both_are_measured_on_the_rows_of_the_challenger_each_by_its_own_features() -> None:
    strong, weak = trained(FEATURES, 2), trained(WEAK, 1)
    found = against(strong, weak)
    assert (found.metric, found.champion_version) == ("auc", 1)
    assert found.challenger == pytest.approx(auc_of(strong.model, FEATURES))
    assert found.champion == pytest.approx(auc_of(weak.model, WEAK))
    assert found.lead is not None
    assert found.lead.value == pytest.approx(found.challenger - found.champion)
    assert promotes(found)
    assert not promotes(against(weak, strong))


def test_a_model_has_no_lead_over_itself() -> None:
    model = trained(FEATURES, 1)
    found = against(model, model)
    assert found.lead is not None
    assert (found.lead.value, found.lead.low, found.lead.high) == (0, 0, 0)
    assert not promotes(found)


def test_the_interval_of_two_similar_models_is_narrower_than_an_unpaired_one() -> None:
    found = against(trained(FEATURES, 2, seed=2), trained(FEATURES, 1))
    assert found.lead is not None
    # Of an area of .8 on 600 rows, the interval of either alone is .06 wide.
    assert found.lead.high - found.lead.low < 0.02


def test_the_shown_rule_requires_the_lower_bound_over_each_baseline() -> None:
    point, shown = (
        {one.metric for one in MODEL.criteria(config(gate={"baseline_rule": rule}))}
        for rule in ("point", "shown")
    )
    assert shown - point == {f"{name}.auc_above_low" for name in NAMES}


def test_a_leak_in_the_model_or_in_a_baseline_is_refused() -> None:
    fine = {"auc": 0.8} | {f"{name}.auc": 0.7 for name in NAMES}

    def reasons(**changed: float) -> list[str]:
        metrics = fine | changed
        return [each for one in MODEL.criteria(config()) for each in failures(one, metrics)]

    assert reasons() == []
    assert len(reasons(auc=0.96)) == 1
    leaked = reasons(**{"auc": 0.94, f"{NAMES[0]}.auc": 0.91})
    assert len(leaked) == 1
    assert "max_baseline" in leaked[0]
