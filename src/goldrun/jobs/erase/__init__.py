"""Erasure of a person from all tables, files and logs of a lake."""
