"""Features of a customer's interactions before a date."""

from pyspark.sql import types as T

from goldrun.contracts import behaviour, uses
from goldrun.features.catalog import daily_metrics, feature_kinds, sql
from goldrun.features.catalog.entry import Feature
from goldrun.features.catalog.feature_kinds import daily

INTERACTION_COUNT = "interaction_count"
PREFERRED_CHANNEL = "preferred_channel"
SHARE_RESOLVED = "share_resolved"
RESPONSE_TIME_MEAN = "response_time_mean"
RESPONSE_TIME_P90 = "response_time_p90"
CONTACT_RATE = "contact_rate"

ENTITY = "interactions"
"""The entity that these features describe."""


def interaction_count(channel: str) -> str:
    """Name of the feature that counts interactions by channel."""
    return f"interaction_count_{channel}"


_CHANNELS = {each: daily_metrics.interactions_by(each) for each in behaviour.CHANNELS}

FEATURES = (
    feature_kinds.count(
        INTERACTION_COUNT,
        daily_metrics.INTERACTIONS,
        "Interactions so far.",
        "interactions",
        uses.CHURN,
        entity=ENTITY,
    ),
    *(
        feature_kinds.count(
            interaction_count(channel),
            metric,
            f"Interactions by {channel} so far.",
            "interactions",
            uses.CHANNEL,
            entity=ENTITY,
        )
        for channel, metric in _CHANNELS.items()
    ),
    feature_kinds.category(
        PREFERRED_CHANNEL,
        sql.preferred(_CHANNELS),
        "Channel of most interactions so far; of equals the first by name.",
        "no interaction",
        behaviour.CHANNELS,
        tuple(_CHANNELS.values()),
        uses.CHANNEL,
        entity=ENTITY,
    ),
    feature_kinds.share(
        SHARE_RESOLVED,
        sql.ratio(daily_metrics.RESOLVED, daily_metrics.CONCLUDED),
        "Interactions resolved / interactions with an outcome, so far.",
        "no interaction with an outcome",
        (daily_metrics.RESOLVED, daily_metrics.CONCLUDED),
        uses.RESPONSE,
        uses.CHURN,
        entity=ENTITY,
    ),
    feature_kinds.seconds(
        RESPONSE_TIME_MEAN,
        sql.ratio(daily_metrics.RESPONSE_SECONDS, daily_metrics.RESPONSES),
        "Mean response time of the interactions so far that have one.",
        "no interaction with a response time",
        daily(daily_metrics.RESPONSE_SECONDS, daily_metrics.RESPONSES),
        uses.RESPONSE,
        entity=ENTITY,
    ),
    feature_kinds.seconds(
        RESPONSE_TIME_P90,
        RESPONSE_TIME_P90,
        "90th percentile of these response times, interpolated linearly between ranks.",
        "no interaction with a response time",
        (
            f"customer_responses.{behaviour.RESPONSE_TIME}",
            f"customer_responses.{daily_metrics.RESPONSES}",
        ),
        uses.RESPONSE,
        entity=ENTITY,
    ),
    Feature(
        CONTACT_RATE,
        T.DoubleType(),
        f"Interactions at most {daily_metrics.AFTER_ORDER_DAYS} days after an order / completed "
        "orders, so far.",
        null_means="the shop records no interactions",
        unit="interactions per order",
        minimum=0,
        made_from=daily(daily_metrics.AFTER_ORDER, daily_metrics.ORDERS),
        expression=sql.ratio(daily_metrics.AFTER_ORDER, daily_metrics.ORDERS),
        entity=ENTITY,
        serves=(uses.RESPONSE, uses.CHURN),
    ),
)
"""Columns of ``gold/customer_features`` about interactions; they come last."""
