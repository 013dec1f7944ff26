"""Names of runs and experiments in MLflow.

A script imports them before it loads anything heavy.
"""

from goldrun.learning.models import MODELS

PIPELINE_EXPERIMENT = "goldrun-pipeline"
RUN_COMMAND = f"mlflow run . --env-manager local --experiment-name {PIPELINE_EXPERIMENT}"
"""Beginning of the commands that messages and logs name."""
CHURN = "churn"
SEGMENTATION = "segmentation"
EXPERIMENTS = {model: f"goldrun-{model.replace('_', '-')}" for model in MODELS}
"""Experiment of each model."""
DATA_QUALITY = "data_quality"
FEATURE_DRIFT = "feature_drift"
