"""Values of a run are read back, including zero and missing ones."""
