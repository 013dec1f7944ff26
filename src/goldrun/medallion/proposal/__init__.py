"""A source's settings proposed from the text of its files."""
