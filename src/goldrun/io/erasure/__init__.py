"""Erasure of persons: removal of old files, logs and parameters, and a search of all files."""
