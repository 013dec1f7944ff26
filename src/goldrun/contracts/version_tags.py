"""Tags of a registered version that show the decision on it."""

DECISION = "goldrun.decision"
"""``promoted``, ``promoted by force`` or ``not promoted``; of a run, the decision with reasons."""
STATUS = "validation_status"
"""``pending``, ``approved`` or ``rejected``, for deployment tools."""
PENDING = "pending"
APPROVED = "approved"
REJECTED = "rejected"
