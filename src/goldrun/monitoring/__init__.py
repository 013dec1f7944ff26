"""Monitoring of data quality, feature drift, rejected records and streams."""
