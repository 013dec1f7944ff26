"""A simulated marketplace written as files."""
