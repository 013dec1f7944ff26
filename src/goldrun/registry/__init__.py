"""Decisions on registered models: evidence, gate, ownership and migration."""
