"""Data quality, feature drift, and the stop before training."""
