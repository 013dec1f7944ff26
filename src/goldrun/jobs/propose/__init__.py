"""The settings of a source, proposed from its files."""
