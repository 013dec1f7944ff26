"""Training runs: measure, register, and let the gate decide."""
