"""Models in a store of their own, and ways to damage them there."""

import contextlib
import copy
import functools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from skops import io as skops_io

from goldrun.contracts.file_checksums import CHECKSUM_TAG, total
from goldrun.io.tracking.checksums import checksums_of
from goldrun.io.tracking.models import register_model
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.learning.signed_log import log_step

TEXT = "segments.json"
COUNTS = ("recency_days", "purchase_frequency")
FEATURES = (*COUNTS, "total_spend", "net_spend")


def customers(rows: int = 300) -> pd.DataFrame:
    """Rows of gold: counts are integers, money is double."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "recency_days": rng.integers(0, 300, rows),
            "purchase_frequency": rng.integers(1, 30, rows),
            "total_spend": rng.gamma(2, 50, rows),
            "net_spend": rng.normal(20, 50, rows),
        }
    )


def labels(frame: pd.DataFrame) -> Any:
    return (np.sin(frame.recency_days) + frame.recency_days / 100 > 1.2).astype(np.int64)


def logistic() -> Pipeline:
    return Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("log1p", log_step(FEATURES, by_position=True)),
            ("scale", StandardScaler()),
            ("classify", LogisticRegression()),
        ]
    )


def trees() -> Pipeline:
    return Pipeline([("classify", HistGradientBoostingClassifier(max_iter=5, random_state=0))])


def splines() -> Pipeline:
    curves = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median", add_indicator=True)),
            ("curves", SplineTransformer(n_knots=4, extrapolation="linear")),
        ]
    )
    columns = ColumnTransformer(
        [("curves", curves, list(COUNTS)), ("money", SimpleImputer(), ["total_spend", "net_spend"])]
    )
    return Pipeline(
        [("columns", columns), ("scale", StandardScaler()), ("classify", LogisticRegression())]
    )


def calibrated() -> CalibratedClassifierCV:
    return CalibratedClassifierCV(trees(), method="sigmoid", cv=2)


def segments() -> Pipeline:
    steps = [("log1p", log_step(FEATURES)), ("scale", StandardScaler())]
    return Pipeline([*steps, ("cluster", KMeans(3, n_init=2, random_state=0))])


MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    "logistic": (logistic, "predict_proba"),
    "trees": (trees, "predict_proba"),
    "splines": (splines, "predict_proba"),
    "calibrated": (calibrated, "predict_proba"),
    "segments": (segments, "predict"),
}
"""What goldrun's models are made of, with the method that a served model calls."""


def fitted(kind: str) -> Any:
    """A copy of the fitted model of a kind, which a test may change."""
    return copy.deepcopy(_fitted(kind))


@functools.cache
def _fitted(kind: str) -> Any:
    frame = customers()
    return MODELS[kind][0]().fit(frame.astype(np.float64), labels(frame))


@dataclass
class Stored:
    """A champion in a store, with the folder that holds its files."""

    tracker: Tracker
    champion: Champion
    folder: Path

    def edit_description(self, edit: Callable[[dict[str, Any]], None]) -> None:
        file = self.folder / "MLmodel"
        content = yaml.safe_load(file.read_text())
        edit(content)
        file.write_text(yaml.safe_dump(content))

    def swap(self, model: Any) -> None:
        """Replace the pipeline, and let the model itself trust its types, as MLflow does then."""
        file = self.folder / "model.skops"
        skops_io.dump(model, file)
        found = skops_io.get_untrusted_types(file=file)
        self.edit_description(lambda content: _trust(content, found))

    def record_again(self) -> None:
        """Record the files as they are now, as somebody with access to the database could."""
        (before,) = (json.loads(file.read_text()) for file in self.records.iterdir())
        texts = {name: digest for name, digest in before.items() if name.startswith("run/")}
        found = checksums_of(self.folder) | texts
        name, version = self.champion.name, str(self.champion.version)
        client = self.tracker.client
        recorded = total(found)
        text = json.dumps(found)
        shutil.rmtree(self.records)
        client.log_text(self.champion.run_id, text, f"model_checksums/{recorded}.json")
        client.set_model_version_tag(name, version, CHECKSUM_TAG, recorded)
        self.refresh()

    def forget(self) -> None:
        """Remove the record, as if an older goldrun had registered the version."""
        self.remove_tag()
        shutil.rmtree(self.records)

    def remove_tag(self) -> None:
        name, version = self.champion.name, str(self.champion.version)
        self.tracker.client.delete_model_version_tag(name, version, CHECKSUM_TAG)
        self.refresh()

    @property
    def records(self) -> Path:
        run = self.tracker.client.get_run(self.champion.run_id)
        return Path(run.info.artifact_uri.removeprefix("file://")) / "model_checksums"

    @contextlib.contextmanager
    def restored(self, backup: Path) -> Iterator[None]:
        """Restore files, record and tag at the end of the context, however they were changed."""
        folders = {"model": self.folder, "records": self.records}
        for name, folder in folders.items():
            shutil.copytree(folder, backup / name)
        name, version = self.champion.name, str(self.champion.version)
        recorded = self.champion.tags[CHECKSUM_TAG]
        yield
        for each, folder in folders.items():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(backup / each, folder)
        tag = CHECKSUM_TAG
        self.tracker.client.set_model_version_tag(name, version, tag, recorded)
        self.refresh()

    def refresh(self) -> None:
        found = self.tracker.champion(self.champion.name)
        assert found is not None
        self.champion = found


def _trust(content: dict[str, Any], types: list[str]) -> None:
    content["flavors"]["sklearn"]["skops_trusted_types"] = sorted(types)


def store(tracker: Tracker, name: str, kind: str = "logistic") -> Stored:
    """Register a model, which is used with a text of its run, and make it champion."""
    with tracker.run(name, "goldrun-churn"):
        tracker.log_text('{"0": "Champions"}', TEXT)
        version = register_model(
            *(tracker, fitted(kind), name, customers(20).astype(np.float64)),
            predict=MODELS[kind][1],
            whole_numbers=COUNTS,
            texts=[TEXT],
        ).version
    tracker.promote(name, version)
    champion = tracker.champion(name)
    assert champion is not None
    source = str(tracker.client.get_model_version(name, str(version)).source)
    model = tracker.client.get_logged_model(source.removeprefix("models:/"))
    return Stored(tracker, champion, Path(model.artifact_location.removeprefix("file://")))
