"""Datasets of a run: digests, schemas, and the metrics by which MLflow ranks models on one."""

import hashlib
import math
import time
from collections.abc import Mapping

import pandas as pd
from mlflow.entities import Metric
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, Schema

TEST = "test"
"""Context of the rows that a model is measured on."""
_METRICS_AT_ONCE = 1_000
"""Largest number of metrics that MLflow takes in one request."""
_ROWS_OF_TYPES = 100
"""Number of first rows whose values decide the type of a column of objects."""


def dataset_digest(content_hash: str, version: int) -> str:
    """Return the digest of a dataset of rows read at a Delta version, of at most 36 characters.

    MLflow stores one dataset per name and digest, with its first source.
    """
    return f"{content_hash[:24]}-v{version}"


def digest_of_test_rows(content_hash: str, path: str) -> str:
    """Return the digest of test rows, of 36 characters, equal in each training tested on them.

    It has no Delta version, so that MLflow ranks the models of all these trainings. The version
    that a run has read is a tag of its input.

    Args:
        content_hash: SHA-256 of the rows.
        path: Path of their table, as MLflow stores one dataset per name and digest.
    """
    return hashlib.sha256(f"{path}\n{content_hash}".encode()).hexdigest()[:36]


def dataset_schema(frame: pd.DataFrame) -> Schema:
    """Return MLflow's schema of a dataset, without reading each value in Python.

    Args:
        frame: The rows; each column has a type that MLflow knows. Columns of objects, such as texts
            and dates, have the type of their first values, of which one is not null.
    """
    found = infer_signature(frame.head(_ROWS_OF_TYPES)).inputs.inputs
    complete = frame.notna().all()
    return Schema([ColSpec(c.type, c.name, required=bool(complete[c.name])) for c in found])


def log_model_metrics(
    client: MlflowClient,
    run_id: str,
    model_id: str,
    metrics: Mapping[str, float],
    dataset: tuple[str, str],
) -> None:
    """Log the finite metrics of a stored model on a dataset.

    Args:
        client: The store.
        run_id: Its training run.
        model_id: MLflow's id of the model.
        metrics: The metrics.
        dataset: Name and digest of the dataset, which is an input of the run.
    """
    now, (name, digest) = int(time.time() * 1000), dataset
    rows = [
        Metric(
            *(metric, value, now, 0),
            model_id=model_id,
            dataset_name=name,
            dataset_digest=digest,
            run_id=run_id,
        )
        for metric, value in metrics.items()
        if math.isfinite(value)
    ]
    for first in range(0, len(rows), _METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=rows[first : first + _METRICS_AT_ONCE])
