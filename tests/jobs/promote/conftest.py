"""An empty MLflow store for a test that promotes."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from goldrun.io.tracking.runs import Tracker


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracker]:
    before = mlflow.get_tracking_uri()
    (tmp_path / "mlflow.db").write_bytes(empty_store.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    yield Tracker()
    mlflow.set_tracking_uri(before)
