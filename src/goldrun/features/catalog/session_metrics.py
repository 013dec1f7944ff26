"""Daily metrics of sessions and events.

The expressions of ``SESSION_METRICS`` aggregate the rows that ``sessions_by_day`` makes: a session
on its day, with the columns ``events`` (number of its events), ``last_event_type`` (by time, then
``event_id``), ``has_purchase``, ``has_add_to_cart`` and ``has_search_or_click``. All five are null
for a session without events. The expressions of ``EVENT_METRICS`` aggregate the events of a day, in
a session or not.

All metrics of a session are on one day, the first at whose end all of them are known: the day of
its session_end (its session_start if it has none), or of its last event if that is later. So no
feature as of a midnight depends on how a session continues after it.
"""

from goldrun.contracts import behaviour
from goldrun.features.catalog import daily_metrics
from goldrun.features.catalog.daily_metrics import count, seconds
from goldrun.features.catalog.entry import DailyMetric

EVENTS = "events"
LAST_EVENT_TYPE = "last_event_type"
HAS_PURCHASE = "has_purchase"
HAS_ADD_TO_CART = "has_add_to_cart"
HAS_SEARCH_OR_CLICK = "has_search_or_click"

_SESSION = (f"sessions.{behaviour.SESSION_START}", f"sessions.{behaviour.SESSION_END}")
_EVENT = (f"events.{behaviour.EVENT_TYPE}", f"events.{behaviour.EVENT_TIMESTAMP}")
_EVENTS_OF_SESSION = (f"events.{behaviour.SESSION_ID}", *_EVENT, *_SESSION)
_DURATION = f"sessions.{behaviour.SESSION_DURATION}"


def _sessions(name: str, condition: str, description: str) -> DailyMetric:
    """A metric that counts sessions by their events."""
    return count(name, f"count_if({condition})", description, "sessions", *_EVENTS_OF_SESSION)


SESSION_METRICS = (
    count(daily_metrics.SESSIONS, "count(*)", "Sessions.", "sessions", *_EVENTS_OF_SESSION),
    count(
        daily_metrics.TIMED_SESSIONS,
        f"count({behaviour.SESSION_DURATION})",
        "Sessions with a known duration.",
        "sessions",
        _DURATION,
    ),
    seconds(
        daily_metrics.SESSION_SECONDS,
        f"sum({behaviour.SESSION_DURATION})",
        "Their durations.",
        _DURATION,
    ),
    *(
        count(
            daily_metrics.sessions_on(device),
            f"count_if({behaviour.DEVICE_TYPE} = '{device}')",
            f"Sessions on {device}.",
            "sessions",
            f"sessions.{behaviour.DEVICE_TYPE}",
        )
        for device in behaviour.DEVICES
    ),
    _sessions(daily_metrics.JOURNEYS, f"{EVENTS} > 0", "Sessions with at least one event."),
    _sessions(daily_metrics.BOUNCES, f"{EVENTS} = 1", "Sessions with exactly one event."),
    _sessions(
        daily_metrics.DROP_OFFS,
        f"NOT {HAS_PURCHASE}",
        "Sessions with events but without a purchase event.",
    ),
    _sessions(daily_metrics.CART_JOURNEYS, HAS_ADD_TO_CART, "Sessions with an add_to_cart event."),
    _sessions(
        daily_metrics.CART_DROP_OFFS,
        f"{HAS_ADD_TO_CART} AND NOT {HAS_PURCHASE}",
        "Sessions with an add_to_cart event but without a purchase event.",
    ),
    _sessions(
        daily_metrics.SEEKING_JOURNEYS,
        HAS_SEARCH_OR_CLICK,
        "Sessions with a search or click event.",
    ),
    _sessions(
        daily_metrics.CONVERTED_JOURNEYS,
        f"{HAS_SEARCH_OR_CLICK} AND {HAS_PURCHASE}",
        "Sessions with a search or click event and a purchase event.",
    ),
    *(
        _sessions(
            daily_metrics.ended_at(kind),
            f"{LAST_EVENT_TYPE} = '{kind}'",
            f"Sessions whose last event (by time, then event_id) is {kind}.",
        )
        for kind in behaviour.EVENT_TYPES
    ),
)
"""Entries, in the order of the table's columns."""

EVENT_METRICS = tuple(
    count(
        daily_metrics.events_of(kind),
        f"count_if({behaviour.EVENT_TYPE} = '{kind}')",
        f"Events of type {kind}, in a session or not.",
        "events",
        *_EVENT,
    )
    for kind in behaviour.EVENT_TYPES
)
"""Entries, in the order of the table's columns, after those of sessions."""
