"""A person removed from every table, file and log of a lake."""
