"""Sail in this process, without Java; delta-rs commits its tables."""
