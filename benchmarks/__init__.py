"""Benchmarks of time and memory; each module is a command."""
