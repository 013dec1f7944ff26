"""Verify the ledger, evidence, files and alias of models, and write it as a page."""
