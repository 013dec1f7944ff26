"""Features of a customer's sessions and events before a date.

"So far" means before the midnight ``as_of`` in the source's time zone.
"""

from pyspark.sql import types as T

from goldrun.contracts import behaviour, uses
from goldrun.features.catalog import daily_metrics, feature_kinds, sql
from goldrun.features.catalog.entry import Feature
from goldrun.features.catalog.feature_kinds import daily
from goldrun.features.catalog.totals import WINDOWS, in_window
from goldrun.features.catalog.window_features import WINDOW_UNKNOWN

SESSION_COUNT = "session_count"
AVERAGE_SESSION_DURATION = "average_session_duration"
BOUNCE_RATE = "bounce_rate"
DROP_OFF_RATE = "drop_off_rate"
CART_DROP_OFF_RATE = "cart_drop_off_rate"
USUAL_EXIT_STEP = "usual_exit_step"
EVENT_CONVERSION_RATE = "event_conversion_rate"
PREFERRED_DEVICE = "preferred_device"

SESSIONS = "sessions"
EVENTS = "events"


def sessions_in(days: int) -> str:
    """Name of the feature that counts sessions in the last ``days`` days."""
    return f"session_count_last_{days}_days"


def device_share(device: str) -> str:
    """Name of the feature that gives a device's share of sessions."""
    return f"device_share_{device}"


def event_count(event_type: str) -> str:
    """Name of the feature that counts events of a type."""
    return f"event_count_{event_type}"


_DEVICES = {each: daily_metrics.sessions_on(each) for each in behaviour.DEVICES}
_LAST_EVENTS = {each: daily_metrics.ended_at(each) for each in behaviour.EVENT_TYPES}

_SESSION_FEATURES = (
    feature_kinds.count(
        SESSION_COUNT,
        daily_metrics.SESSIONS,
        "Sessions so far.",
        "sessions",
        uses.CHURN,
        uses.CONVERSION,
        entity=SESSIONS,
    ),
    *(
        Feature(
            sessions_in(days),
            T.LongType(),
            f"Sessions in the {days} days before as_of.",
            null_means=f"{WINDOW_UNKNOWN}, or the shop records no sessions",
            unit="sessions",
            minimum=0,
            made_from=daily(daily_metrics.SESSIONS),
            expression=sql.where_known(days, in_window(daily_metrics.SESSIONS, days)),
            entity=SESSIONS,
            serves=(uses.CHURN,),
        )
        for days in WINDOWS
    ),
    feature_kinds.seconds(
        AVERAGE_SESSION_DURATION,
        sql.ratio(daily_metrics.SESSION_SECONDS, daily_metrics.TIMED_SESSIONS),
        "Mean duration of the sessions so far that have one.",
        "no session with a duration",
        daily(daily_metrics.SESSION_SECONDS, daily_metrics.TIMED_SESSIONS),
        uses.DROP_OFF,
        entity=SESSIONS,
    ),
    feature_kinds.category(
        PREFERRED_DEVICE,
        sql.preferred(_DEVICES),
        "Device of most sessions so far; of equals the first by name.",
        "no session with a known device",
        behaviour.DEVICES,
        tuple(_DEVICES.values()),
        uses.DEVICE,
        entity=SESSIONS,
    ),
    *(
        feature_kinds.share(
            device_share(device),
            sql.ratio(metric, sql.added(tuple(_DEVICES.values()))),
            f"Sessions on {device} / sessions with a known device, so far.",
            "no session with a known device",
            tuple(_DEVICES.values()),
            uses.DEVICE,
            entity=SESSIONS,
        )
        for device, metric in _DEVICES.items()
    ),
)


def _share(
    name: str, part: str, whole: str, what: str, unknown: str, use: str = uses.DROP_OFF
) -> Feature:
    """A share of sessions by their events, from two daily metrics."""
    return feature_kinds.share(
        name, sql.ratio(part, whole), what, unknown, (part, whole), use, entity=EVENTS
    )


_EVENT_FEATURES = (
    _share(
        BOUNCE_RATE,
        daily_metrics.BOUNCES,
        daily_metrics.JOURNEYS,
        "Sessions with exactly one event / sessions with any, so far.",
        "no session with events",
    ),
    _share(
        DROP_OFF_RATE,
        daily_metrics.DROP_OFFS,
        daily_metrics.JOURNEYS,
        "Sessions without a purchase event / sessions with any event, so far.",
        "no session with events",
    ),
    _share(
        CART_DROP_OFF_RATE,
        daily_metrics.CART_DROP_OFFS,
        daily_metrics.CART_JOURNEYS,
        "Sessions with an add_to_cart but no purchase event / sessions with an add_to_cart, so "
        "far.",
        "no session with an add_to_cart event",
    ),
    feature_kinds.category(
        USUAL_EXIT_STEP,
        sql.preferred(_LAST_EVENTS),
        "Type of the last event in most sessions so far; of equals the first by name.",
        "no session with events",
        behaviour.EVENT_TYPES,
        tuple(_LAST_EVENTS.values()),
        uses.DROP_OFF,
        entity=EVENTS,
    ),
    _share(
        EVENT_CONVERSION_RATE,
        daily_metrics.CONVERTED_JOURNEYS,
        daily_metrics.SEEKING_JOURNEYS,
        "Sessions with a purchase event and a search or click event / sessions with a search or "
        "click event, so far. Events outside a known session do not count.",
        "no session with a search or click event",
        uses.CONVERSION,
    ),
    *(
        feature_kinds.count(
            event_count(kind),
            daily_metrics.events_of(kind),
            f"Events of type {kind} so far, in a session or not.",
            "events",
            uses.CONVERSION,
            uses.RECOMMENDATIONS,
            entity=EVENTS,
        )
        for kind in behaviour.EVENT_TYPES
    ),
)

FEATURES = (*_SESSION_FEATURES, *_EVENT_FEATURES)
"""Columns of ``gold/customer_features``, after those of purchases."""
