"""One record of a lake: its text, its mapping and its fate."""
