"""Files and rates of a source: found, checked, read and written."""
