"""Gold from silver: activity by day, features as of a date, and their incremental updates."""
