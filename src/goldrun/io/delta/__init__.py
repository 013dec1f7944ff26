"""The lake: Delta tables with their locks, properties and errors."""
