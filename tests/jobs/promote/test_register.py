"""A version has its evidence before it can become champion."""

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN
from goldrun.jobs.promote.champions import champion_of
from goldrun.jobs.promote.register import Candidate, MonitoringResult, register_and_gate
from goldrun.monitoring.drift import DriftReport
from goldrun.monitoring.quality import Check, QualityReport
from tests.conftest import NOW
from tests.jobs.promote.lakes import lake_of

_ROWS = pd.DataFrame({"spend": [1.0, 2.0, 3.0, 4.0]})
_PASSED = MonitoringResult(
    quality_run_id="quality",
    quality=QualityReport(pd.DataFrame(), pd.DataFrame(), {}, (Check("all", Verdict.PASS, ""),)),
    drift_run_id="drift",
    drift=DriftReport((), Verdict.PASS),
)


@pytest.fixture
def ctx(store: Tracker) -> Context:
    return Context(lake_of("lake-1"), store, load_source("online_retail"), NOW)


@pytest.fixture
def candidate() -> Candidate:
    return Candidate(
        model=CHURN,
        pipeline=make_pipeline(LogisticRegression()).fit(_ROWS, [0, 0, 1, 1]),
        example=_ROWS,
        predict="predict_proba",
        metrics={"auc": 0.8},
        summary="AUC .8",
        table_versions={"gold/customer_features": 0},
        training_hash="ab" * 32,
        criteria=(Criterion("auc", at_least=0.5),),
        head_to_head=None,
        drift_policy="warn",
    )


def test_a_champion_is_its_owners_also_where_its_run_ends_right_after_the_promotion(
    ctx: Context, candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Tracker, "tag_version", end)
    with ctx.tracker.run("churn", "goldrun-churn"), pytest.raises(KeyboardInterrupt):
        register_and_gate(ctx, candidate, _PASSED)
    champion = champion_of(ctx, CHURN)
    assert champion is not None
    assert champion.tags["goldrun.quality"] == "pass"
