"""Simulation of a marketplace as files."""
