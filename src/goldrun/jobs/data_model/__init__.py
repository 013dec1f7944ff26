"""Write ``docs/data-model.md``, the dictionary of all tables, from their contracts."""
