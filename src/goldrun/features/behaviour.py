"""Features of what customers did besides buying, from sums as of a date."""

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from goldrun.contracts import activity as A
from goldrun.contracts import behaviour as B
from goldrun.contracts import behaviour_features as H
from goldrun.contracts.purchase_features import WINDOWS
from goldrun.features.asof import preferred, ratio, window_is_known, window_sum

SESSIONS = "sessions"
EVENTS = "events"
INTERACTIONS = "interactions"


def behaviour_features(observed_from: date, recorded: frozenset[str]) -> dict[str, SparkColumn]:
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
    devices = {device: A.sessions_on(device) for device in B.DEVICES}
    known = sum((F.col(name) for name in devices.values()), start=F.lit(0))
    counts = {
        H.sessions_in(days): F.when(
            window_is_known(days, observed_from), F.col(window_sum(A.SESSIONS, days))
        )
        for days in WINDOWS
    }
    return {
        H.SESSION_COUNT: F.col(A.SESSIONS),
        **counts,
        H.AVERAGE_SESSION_DURATION: ratio(A.SESSION_SECONDS, A.TIMED_SESSIONS),
        H.PREFERRED_DEVICE: preferred(devices),
        **{H.device_share(device): ratio(name, known) for device, name in devices.items()},
    }


def _events() -> dict[str, SparkColumn]:
    return {
        H.BOUNCE_RATE: ratio(A.BOUNCES, A.JOURNEYS),
        H.DROP_OFF_RATE: ratio(A.DROP_OFFS, A.JOURNEYS),
        H.CART_DROP_OFF_RATE: ratio(A.CART_DROP_OFFS, A.CART_JOURNEYS),
        H.USUAL_EXIT_STEP: preferred({kind: A.ended_at(kind) for kind in B.EVENT_TYPES}),
        H.EVENT_CONVERSION_RATE: ratio(A.CONVERTED_JOURNEYS, A.SEEKING_JOURNEYS),
        **{H.event_count(kind): F.col(A.events_of(kind)) for kind in B.EVENT_TYPES},
    }


def _contacts() -> dict[str, SparkColumn]:
    channels = {channel: A.interactions_by(channel) for channel in B.CHANNELS}
    return {
        H.INTERACTION_COUNT: F.col(A.INTERACTIONS),
        **{H.interaction_count(channel): F.col(name) for channel, name in channels.items()},
        H.PREFERRED_CHANNEL: preferred(channels),
        H.SHARE_RESOLVED: ratio(A.RESOLVED, A.CONCLUDED),
        H.RESPONSE_TIME_MEAN: ratio(A.RESPONSE_SECONDS, A.RESPONSES),
        H.CONTACT_RATE: ratio(A.AFTER_ORDER, A.ORDERS),
    }
