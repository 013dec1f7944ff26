"""Delta tables: reading, writing, locks, properties and errors."""
