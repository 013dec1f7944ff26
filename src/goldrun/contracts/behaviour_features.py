"""What a customer's sessions, events and interactions say as of a date.

All are null where the shop has no such records at all: nothing recorded is not the same as nothing
done. "So far" means before the midnight ``as_of`` in the
source's time zone.
"""

from pyspark.sql import types as T

from goldrun.contracts import (
    activity_tables,
    behaviour,
    feature_columns,
    interaction_features,
    uses,
)
from goldrun.contracts.table import Column
from goldrun.contracts.window_features import WINDOW_UNKNOWN, WINDOWS, daily

SESSION_COUNT = "session_count"
AVERAGE_SESSION_DURATION = "average_session_duration"
BOUNCE_RATE = "bounce_rate"
DROP_OFF_RATE = "drop_off_rate"
CART_DROP_OFF_RATE = "cart_drop_off_rate"
USUAL_EXIT_STEP = "usual_exit_step"
EVENT_CONVERSION_RATE = "event_conversion_rate"
PREFERRED_DEVICE = "preferred_device"

_NO_SESSIONS = "the shop records no sessions"
_NO_EVENTS = "the shop records no events"


def sessions_in(days: int) -> str:
    """Name of the feature that counts sessions in the last ``days`` days."""
    return f"session_count_last_{days}_days"


def device_share(device: str) -> str:
    """Name of the feature that gives a device's share of sessions."""
    return f"device_share_{device}"


def event_count(event_type: str) -> str:
    """Name of the feature that counts events of a type."""
    return f"event_count_{event_type}"


_SESSION_FEATURES = (
    feature_columns.count(
        SESSION_COUNT,
        "Sessions so far.",
        "sessions",
        _NO_SESSIONS,
        activity_tables.SESSIONS,
        uses.CHURN,
        uses.CONVERSION,
    ),
    *(
        Column(
            sessions_in(days),
            T.LongType(),
            f"Sessions in the {days} days before as_of.",
            null_means=f"{WINDOW_UNKNOWN}, or {_NO_SESSIONS}",
            unit="sessions",
            minimum=0,
            made_from=daily(activity_tables.SESSIONS),
            serves=(uses.CHURN,),
        )
        for days in WINDOWS
    ),
    feature_columns.seconds(
        AVERAGE_SESSION_DURATION,
        "Mean duration of the sessions so far that have one.",
        "no session with a duration",
        daily(activity_tables.SESSION_SECONDS, activity_tables.TIMED_SESSIONS),
        uses.DROP_OFF,
    ),
    feature_columns.category(
        PREFERRED_DEVICE,
        "Device of most sessions so far; of equals the first by name.",
        behaviour.DEVICES,
        "no session with a known device",
        tuple(activity_tables.sessions_on(device) for device in behaviour.DEVICES),
        uses.DEVICE,
    ),
    *(
        feature_columns.rate(
            device_share(device),
            f"Sessions on {device} / sessions with a known device, so far.",
            "no session with a known device",
            tuple(activity_tables.sessions_on(each) for each in behaviour.DEVICES),
            uses.DEVICE,
        )
        for device in behaviour.DEVICES
    ),
)

_EVENT_FEATURES = (
    feature_columns.rate(
        BOUNCE_RATE,
        "Sessions with exactly one event / sessions with any, so far.",
        "no session with events",
        (activity_tables.BOUNCES, activity_tables.JOURNEYS),
        uses.DROP_OFF,
    ),
    feature_columns.rate(
        DROP_OFF_RATE,
        "Sessions without a purchase event / sessions with any event, so far.",
        "no session with events",
        (activity_tables.DROP_OFFS, activity_tables.JOURNEYS),
        uses.DROP_OFF,
    ),
    feature_columns.rate(
        CART_DROP_OFF_RATE,
        "Sessions with an add_to_cart but no purchase event / sessions with an add_to_cart, so "
        "far.",
        "no session with an add_to_cart event",
        (activity_tables.CART_DROP_OFFS, activity_tables.CART_JOURNEYS),
        uses.DROP_OFF,
    ),
    feature_columns.category(
        USUAL_EXIT_STEP,
        "Type of the last event in most sessions so far; of equals the first by name.",
        behaviour.EVENT_TYPES,
        "no session with events",
        tuple(activity_tables.ended_at(kind) for kind in behaviour.EVENT_TYPES),
        uses.DROP_OFF,
    ),
    feature_columns.rate(
        EVENT_CONVERSION_RATE,
        "Sessions with a purchase event and a search or click event / sessions with a search or "
        "click event, so far. Events outside a known session do not count.",
        "no session with a search or click event",
        (activity_tables.CONVERTED_JOURNEYS, activity_tables.SEEKING_JOURNEYS),
        uses.CONVERSION,
    ),
    *(
        feature_columns.count(
            event_count(kind),
            f"Events of type {kind} so far, in a session or not.",
            "events",
            _NO_EVENTS,
            activity_tables.events_of(kind),
            uses.CONVERSION,
            uses.RECOMMENDATIONS,
        )
        for kind in behaviour.EVENT_TYPES
    ),
)

FEATURES = (*_SESSION_FEATURES, *_EVENT_FEATURES, *interaction_features.FEATURES)
"""Columns of ``gold/customer_features``, second part."""
