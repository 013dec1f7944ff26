"""What MLflow knows things by; here, so that a script names its run before it loads anything."""

PIPELINE_EXPERIMENT = "goldrun-pipeline"
CHURN = "churn"
CHURN_EXPERIMENT = "goldrun-churn"
SEGMENTATION = "segmentation"
SEGMENTATION_EXPERIMENT = "goldrun-segmentation"
EXPERIMENTS = {CHURN: CHURN_EXPERIMENT, SEGMENTATION: SEGMENTATION_EXPERIMENT}
DATA_QUALITY = "data_quality"
FEATURE_DRIFT = "feature_drift"
