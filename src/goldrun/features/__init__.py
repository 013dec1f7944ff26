"""Daily metrics of customers, and their features as of a date."""
