"""The first rows of a source's files, refined without a lake."""
