"""Files read into bronze."""
