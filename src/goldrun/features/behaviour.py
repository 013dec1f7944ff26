"""Features of what customers did besides purchases, from sums as of a date."""

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, behaviour, behaviour_features, interaction_features
from goldrun.contracts.window_features import WINDOWS
from goldrun.features.asof import preferred, ratio, window_is_known, window_sum

SESSIONS = "sessions"
EVENTS = "events"
INTERACTIONS = "interactions"


def behaviour_expressions(observed_from: date, recorded: frozenset[str]) -> dict[str, SparkColumn]:
    """Express each feature of ``contracts.behaviour_features`` that comes from daily sums.

    What a journey is, its last event step and where it ended are defined in ``journeys``.

    Args:
        observed_from: First day of the shop's history; longer windows are null.
        recorded: Entities that the shop records; features of the others are null.

    Returns:
        Feature to its expression over ``asof.sums_before``.
    """
    groups = {
        SESSIONS: _visits(observed_from),
        EVENTS: _events(),
        INTERACTIONS: _contacts(),
    }
    return {
        name: value if entity in recorded else F.lit(None)
        for entity, features in groups.items()
        for name, value in features.items()
    }


def _visits(observed_from: date) -> dict[str, SparkColumn]:
    devices = {device: activity_tables.sessions_on(device) for device in behaviour.DEVICES}
    known = sum((F.col(name) for name in devices.values()), start=F.lit(0))
    counts = {
        behaviour_features.sessions_in(days): F.when(
            window_is_known(days, observed_from), F.col(window_sum(activity_tables.SESSIONS, days))
        )
        for days in WINDOWS
    }
    return {
        behaviour_features.SESSION_COUNT: F.col(activity_tables.SESSIONS),
        **counts,
        behaviour_features.AVERAGE_SESSION_DURATION: ratio(
            activity_tables.SESSION_SECONDS, activity_tables.TIMED_SESSIONS
        ),
        behaviour_features.PREFERRED_DEVICE: preferred(devices),
        **{
            behaviour_features.device_share(device): ratio(name, known)
            for device, name in devices.items()
        },
    }


def _events() -> dict[str, SparkColumn]:
    return {
        behaviour_features.BOUNCE_RATE: ratio(activity_tables.BOUNCES, activity_tables.JOURNEYS),
        behaviour_features.DROP_OFF_RATE: ratio(
            activity_tables.DROP_OFFS, activity_tables.JOURNEYS
        ),
        behaviour_features.CART_DROP_OFF_RATE: ratio(
            activity_tables.CART_DROP_OFFS, activity_tables.CART_JOURNEYS
        ),
        behaviour_features.USUAL_EXIT_STEP: preferred(
            {kind: activity_tables.ended_at(kind) for kind in behaviour.EVENT_TYPES}
        ),
        behaviour_features.EVENT_CONVERSION_RATE: ratio(
            activity_tables.CONVERTED_JOURNEYS, activity_tables.SEEKING_JOURNEYS
        ),
        **{
            behaviour_features.event_count(kind): F.col(activity_tables.events_of(kind))
            for kind in behaviour.EVENT_TYPES
        },
    }


def _contacts() -> dict[str, SparkColumn]:
    channels = {channel: activity_tables.interactions_by(channel) for channel in behaviour.CHANNELS}
    return {
        interaction_features.INTERACTION_COUNT: F.col(activity_tables.INTERACTIONS),
        **{
            interaction_features.interaction_count(channel): F.col(name)
            for channel, name in channels.items()
        },
        interaction_features.PREFERRED_CHANNEL: preferred(channels),
        interaction_features.SHARE_RESOLVED: ratio(
            activity_tables.RESOLVED, activity_tables.CONCLUDED
        ),
        interaction_features.RESPONSE_TIME_MEAN: ratio(
            activity_tables.RESPONSE_SECONDS, activity_tables.RESPONSES
        ),
        interaction_features.CONTACT_RATE: ratio(
            activity_tables.AFTER_ORDER, activity_tables.ORDERS
        ),
    }
