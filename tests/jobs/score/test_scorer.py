"""An unavailable registry stops a training run, and does not stop a stream."""

import pytest
from mlflow.exceptions import MlflowException

from goldrun.errors import TrackingError
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.score.scorer import Scorer
from tests.conftest import NOW

KNOWN = Champion("segmentation", 3, "a" * 32)


@pytest.fixture
def locked(lake: Lake, tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A context with a locked tracking store."""

    def champion(_: Tracker, name: str) -> None:
        raise MlflowException(f"database is locked, asking for {name}")

    monkeypatch.setattr(Tracker, "champion", champion)
    return Context(lake, tracker, load_source("kafka"), NOW)


def test_a_training_run_stops_by_name(locked: Context) -> None:
    with pytest.raises(TrackingError, match="database is locked"):
        Scorer(SEGMENTATION, champion=KNOWN).refresh(locked)


@pytest.mark.parametrize("known", [KNOWN, None])
def test_a_stream_continues_with_the_last_known_champion_and_warns(
    locked: Context,
    known: Champion | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scorer = Scorer(SEGMENTATION, streaming=True, champion=known)
    assert scorer.refresh(locked) is (known is not None)
    assert scorer.champion == known
    assert "database is locked" in caplog.text
