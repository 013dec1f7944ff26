"""Ingestion of files into bronze."""
