"""A store of its own for the models of these tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from goldrun.io.tracking.runs import Tracker


@pytest.fixture(scope="module")
def own_store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    folder, before = tmp_path_factory.mktemp("models"), mlflow.get_tracking_uri()
    shutil.copy(empty_store, folder / "mlflow.db")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        yield Tracker()
        mlflow.set_tracking_uri(before)
