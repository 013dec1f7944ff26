"""Spark streams: readers, progress metrics and errors."""
