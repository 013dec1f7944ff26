"""Daily metrics of interactions.

Their expressions aggregate the rows of ``medallion.enrichment.interactions_enriched`` of a day:
an interaction, with the time of the customer's latest completed transaction at or before its time
in ``transaction_date``, which is null if there is none.
"""

from goldrun.contracts import behaviour, entities
from goldrun.features.catalog import daily_metrics
from goldrun.features.catalog.daily_metrics import count, seconds
from goldrun.features.catalog.purchase_metrics import STATUS, TRANSACTION_TIME

INTERACTION_SOURCE = f"interactions.{behaviour.INTERACTION_DATE}"
RESPONSE_SOURCE = f"interactions.{behaviour.RESPONSE_TIME}"
_OUTCOME = f"interactions.{behaviour.INTERACTION_OUTCOME}"
_SINCE_ORDER = (
    f"unix_micros({behaviour.INTERACTION_DATE}) - unix_micros({entities.TRANSACTION_DATE})"
)
_AFTER_ORDER_MICROS = daily_metrics.AFTER_ORDER_DAYS * 24 * 3600 * 1_000_000
AFTER_ORDER_IF = f"{_SINCE_ORDER} <= {_AFTER_ORDER_MICROS}"
"""Whether an interaction is soon after the order in ``transaction_date``; null without one."""

METRICS = (
    count(
        daily_metrics.INTERACTIONS, "count(*)", "Interactions.", "interactions", INTERACTION_SOURCE
    ),
    *(
        count(
            daily_metrics.interactions_by(channel),
            f"count_if({behaviour.INTERACTION_TYPE} = '{channel}')",
            f"Interactions by {channel}.",
            "interactions",
            f"interactions.{behaviour.INTERACTION_TYPE}",
            INTERACTION_SOURCE,
        )
        for channel in behaviour.CHANNELS
    ),
    count(
        daily_metrics.CONCLUDED,
        f"count({behaviour.INTERACTION_OUTCOME})",
        "Interactions with an outcome.",
        "interactions",
        _OUTCOME,
    ),
    count(
        daily_metrics.RESOLVED,
        f"count_if({behaviour.INTERACTION_OUTCOME} = '{behaviour.RESOLVED}')",
        "Interactions resolved.",
        "interactions",
        _OUTCOME,
    ),
    count(
        daily_metrics.AFTER_ORDER,
        f"count_if({AFTER_ORDER_IF})",
        f"Interactions at most {daily_metrics.AFTER_ORDER_DAYS} days (of 24 hours) after the "
        "customer's latest completed transaction before them.",
        "interactions",
        INTERACTION_SOURCE,
        STATUS,
        TRANSACTION_TIME,
    ),
    count(
        daily_metrics.RESPONSES,
        f"count({behaviour.RESPONSE_TIME})",
        "Interactions with a response time.",
        "interactions",
        RESPONSE_SOURCE,
    ),
    seconds(
        daily_metrics.RESPONSE_SECONDS,
        f"sum({behaviour.RESPONSE_TIME})",
        "Their response times.",
        RESPONSE_SOURCE,
    ),
)
"""Entries, in the order of the table's columns."""
