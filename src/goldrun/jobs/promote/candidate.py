"""A trained model before its registration, with all that its evidence records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
from sklearn.pipeline import Pipeline

from goldrun.contracts.criterion import Criterion
from goldrun.monitoring.drift import DriftReport
from goldrun.monitoring.quality import QualityReport
from goldrun.registry.evidence import TrainedOn


@dataclass(frozen=True)
class MonitoringResult:
    """Ids and reports of the runs ``data_quality`` and ``feature_drift`` of a training run.

    Attributes:
        quality_run_id: Run that measured data quality.
        quality: Its report.
        drift_run_id: Run that measured feature drift.
        drift: Its report.
        drift_versions: Delta version of each table that drift was measured on.
        max_psi: Largest population stability index that passes.
    """

    quality_run_id: str
    quality: QualityReport
    drift_run_id: str
    drift: DriftReport
    drift_versions: Mapping[str, int]
    max_psi: float


@dataclass(frozen=True)
class Candidate:
    """A trained model before its registration.

    Attributes:
        model: Name of the model, such as ``churn``.
        pipeline: The fitted pipeline.
        example: A few input rows, for the signature and to compare predictions after loading.
        predict: Method of the pipeline with which a served model answers.
        metrics: Metrics of the model and its baselines.
        summary: The main metrics as text.
        trained_on: Rows and tables that it was trained and tested on.
        criteria: Conditions on the metrics.
        drift_policy: Effect of failed drift.
        baselines: Names of the baselines.
        settings: Settings and parameters of the estimator.
        settings_hash: SHA-256 of the model's TOML file.
        gate: Thresholds of the gate.
        description: Description of the version, in Markdown.
        texts: Text artifacts of the run that scoring with the model reads.
    """

    model: str
    pipeline: Pipeline
    example: pd.DataFrame
    predict: str
    metrics: Mapping[str, float]
    summary: str
    trained_on: TrainedOn
    criteria: tuple[Criterion, ...]
    drift_policy: Literal["warn", "block"]
    baselines: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_hash: str = ""
    gate: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    texts: tuple[str, ...] = ()
