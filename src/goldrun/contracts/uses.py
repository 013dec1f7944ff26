"""The questions that features serve."""

VALUE = "value"
CHURN = "churn"
CHANNEL = "preferred channel"
RESPONSE = "response efficiency"
DROP_OFF = "session drop-off"
DEVICE = "device preference"
CONVERSION = "conversion"
RECOMMENDATIONS = "recommendations"

USES = (VALUE, CHURN, CHANNEL, RESPONSE, DROP_OFF, DEVICE, CONVERSION, RECOMMENDATIONS)
