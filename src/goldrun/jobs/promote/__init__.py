"""Champions: whose they are, and moving them to new names."""
