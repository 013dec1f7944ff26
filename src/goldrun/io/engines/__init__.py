"""Engines: Spark, Spark Connect and Sail, each one object."""
