"""How long and how large: measured by commands that anyone can run."""
