"""A small model as it is before its registration, and the runs that are measured beside it."""

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN
from goldrun.jobs.promote.candidate import Candidate, MonitoringResult
from goldrun.monitoring.drift import DriftReport
from goldrun.monitoring.quality import Check, QualityReport
from goldrun.registry.evidence import TrainedOn
from tests.registry.evidences import EVIDENCE

_ROWS = pd.DataFrame({"spend": [1.0, 2.0, 3.0, 4.0]})


def trained(content_hash: str = EVIDENCE.content_hash) -> Candidate:
    """Return a fitted model with what its evidence records of the training."""
    return Candidate(
        model=CHURN,
        pipeline=make_pipeline(LogisticRegression()).fit(_ROWS, [0, 0, 1, 1]),
        example=_ROWS,
        predict="predict_proba",
        metrics={"auc": 0.8},
        summary="AUC .8",
        trained_on=TrainedOn(
            as_of=EVIDENCE.as_of,
            origins=EVIDENCE.origins,
            test_origin=EVIDENCE.test_origin,
            last_label_day=EVIDENCE.last_label_day,
            label=EVIDENCE.label,
            table_versions=EVIDENCE.table_versions,
            table_ids=EVIDENCE.table_ids,
            gold_versions=EVIDENCE.gold_versions,
            content_hash=content_hash,
            training_rows=4,
            test_hash=EVIDENCE.test_hash,
            test_rows=4,
            rules={},
        ),
        criteria=(Criterion("auc", at_least=0.5),),
        drift_policy="warn",
        settings_hash="ab" * 32,
    )


def monitored(ctx: Context) -> MonitoringResult:
    """Record the runs of data quality and drift, which pass."""
    runs = {}
    for kind in ("quality", "drift"):
        with ctx.tracker.child_run(kind) as runs[kind]:
            ctx.tracker.set_tags({"goldrun.verdict": "pass"})
    checks = (Check("all", Verdict.PASS, ""),)
    return MonitoringResult(
        quality_run_id=runs["quality"],
        quality=QualityReport(
            pd.DataFrame(), pd.DataFrame(), {}, checks, table_versions=EVIDENCE.quality_versions
        ),
        drift_run_id=runs["drift"],
        drift=DriftReport((), Verdict.PASS),
        drift_versions=EVIDENCE.drift_versions,
        max_psi=0.1,
    )
