"""Old files, logs and parameters removed, and files searched for what tells of a person."""
