"""Streams: their readers, progress and errors."""
