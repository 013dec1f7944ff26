"""The churn model: the chance that a customer completes no order within the horizon."""
