"""Which model is champion, and on what evidence."""
