"""MLflow: runs, models, the registry and its store."""
