"""Activity per day, and what it says of a customer as of a date."""
