"""Exact additive contributions of features to the log-odds of a classifier."""
