"""The workflow with a model that cannot be trained."""

from typing import Any

import pytest

from goldrun.errors import AsOfError
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.monitor import rejections
from goldrun.jobs.names import CHURN
from goldrun.jobs.refine import mappings, silver
from goldrun.jobs.train import train
from goldrun.jobs.workflow import workflow
from tests.conftest import NOW


def test_a_shop_with_too_little_history_for_churn_still_gets_segments_and_an_error(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []

    def too_young_for_churn(_ctx: Context, name: str, *_: Any) -> str:
        if name == CHURN:
            raise AsOfError("too young")
        trained.append(name)
        return "outcome"

    for step in (bronze, silver, gold_tables):
        monkeypatch.setattr(step, "run", lambda *_: {})
    monkeypatch.setattr(rejections, "check_before_training", lambda _: None)
    monkeypatch.setattr(rejections, "check_run", lambda *_: None)
    monkeypatch.setattr(mappings, "report", lambda _: None)
    monkeypatch.setattr(workflow, "check_models", lambda *_: None)
    monkeypatch.setattr(train, "train", too_young_for_churn)
    monkeypatch.setattr(workflow, "summary", lambda _ctx, _report, outcomes: [str(outcomes)])
    nowhere: Any = None
    ctx = Context(nowhere, tracker, load_source("online_retail"), NOW)
    with tracker.run("workflow", "goldrun-pipeline"), pytest.raises(AsOfError, match="too young"):
        workflow.run(ctx)
    assert trained == ["segmentation"]
