"""Everything in one process: raw files to champion models."""
