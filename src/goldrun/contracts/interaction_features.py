"""Features of a customer's interactions as of a date: names, and the contract of each.

All are null where the shop records no interactions.
"""

from pyspark.sql import types as T

from goldrun.contracts import activity_tables, behaviour, feature_columns, uses
from goldrun.contracts.table import Column
from goldrun.contracts.window_features import daily

INTERACTION_COUNT = "interaction_count"
PREFERRED_CHANNEL = "preferred_channel"
SHARE_RESOLVED = "share_resolved"
RESPONSE_TIME_MEAN = "response_time_mean"
RESPONSE_TIME_P90 = "response_time_p90"
CONTACT_RATE = "contact_rate"

_NO_INTERACTIONS = "the shop records no interactions"


def interaction_count(channel: str) -> str:
    """Name of the feature that counts interactions by channel."""
    return f"interaction_count_{channel}"


FEATURES = (
    feature_columns.count(
        INTERACTION_COUNT,
        "Interactions so far.",
        "interactions",
        _NO_INTERACTIONS,
        activity_tables.INTERACTIONS,
        uses.CHURN,
    ),
    *(
        feature_columns.count(
            interaction_count(channel),
            f"Interactions by {channel} so far.",
            "interactions",
            _NO_INTERACTIONS,
            activity_tables.interactions_by(channel),
            uses.CHANNEL,
        )
        for channel in behaviour.CHANNELS
    ),
    feature_columns.category(
        PREFERRED_CHANNEL,
        "Channel of most interactions so far; of equals the first by name.",
        behaviour.CHANNELS,
        "no interaction",
        tuple(activity_tables.interactions_by(channel) for channel in behaviour.CHANNELS),
        uses.CHANNEL,
    ),
    feature_columns.rate(
        SHARE_RESOLVED,
        "Interactions resolved / contacts with an outcome, so far.",
        "no interaction with an outcome",
        (activity_tables.RESOLVED, activity_tables.CONCLUDED),
        uses.RESPONSE,
        uses.CHURN,
    ),
    feature_columns.seconds(
        RESPONSE_TIME_MEAN,
        "Mean response time of the interactions so far that have one.",
        "no interaction with a response time",
        daily(activity_tables.RESPONSE_SECONDS, activity_tables.RESPONSES),
        uses.RESPONSE,
    ),
    feature_columns.seconds(
        RESPONSE_TIME_P90,
        "90th percentile of these response times, interpolated linearly between ranks.",
        "no interaction with a response time",
        (
            f"customer_responses.{behaviour.RESPONSE_TIME}",
            f"customer_responses.{activity_tables.RESPONSES}",
        ),
        uses.RESPONSE,
    ),
    Column(
        CONTACT_RATE,
        T.DoubleType(),
        f"Interactions at most {activity_tables.AFTER_ORDER_DAYS} days after an order / completed "
        "orders, so far.",
        null_means=_NO_INTERACTIONS,
        unit="interactions per order",
        minimum=0,
        made_from=daily(activity_tables.AFTER_ORDER, activity_tables.ORDERS),
        serves=(uses.RESPONSE, uses.CHURN),
    ),
)
"""Columns of ``gold/customer_features`` about interactions."""
