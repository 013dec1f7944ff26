"""Spark on a Spark Connect server."""
