"""Spark in this process, local or on a cluster."""
