"""Bronze records validated and resolved into silver, history, duplicates and quarantine."""
