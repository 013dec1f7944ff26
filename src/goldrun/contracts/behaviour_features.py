"""What a customer's sessions, events and interactions say as of a date.

All are null where the shop has no such records at all: nothing recorded is not the same as nothing
done. "So far" means before the midnight ``as_of`` in the
source's time zone.
"""

from pyspark.sql import types as T

from goldrun.contracts import activity_tables, behaviour, uses
from goldrun.contracts.purchase_features import WINDOW_UNKNOWN, WINDOWS, daily
from goldrun.contracts.table import Column

SESSION_COUNT = "session_count"
AVERAGE_SESSION_DURATION = "average_session_duration"
BOUNCE_RATE = "bounce_rate"
DROP_OFF_RATE = "drop_off_rate"
CART_DROP_OFF_RATE = "cart_drop_off_rate"
USUAL_EXIT_STEP = "usual_exit_step"
EVENT_CONVERSION_RATE = "event_conversion_rate"
PREFERRED_DEVICE = "preferred_device"
INTERACTION_COUNT = "interaction_count"
PREFERRED_CHANNEL = "preferred_channel"
SHARE_RESOLVED = "share_resolved"
RESPONSE_TIME_MEAN = "response_time_mean"
RESPONSE_TIME_P90 = "response_time_p90"
CONTACT_RATE = "contact_rate"

_NO_SESSIONS = "the shop records no sessions"
_NO_EVENTS = "the shop records no events"
_NO_CONTACTS = "the shop records no interactions"


def sessions_in(days: int) -> str:
    """Name of the feature that counts visits in the last ``days`` days."""
    return f"session_count_last_{days}_days"


def device_share(device: str) -> str:
    """Name of the feature that gives a device's share of visits."""
    return f"device_share_{device}"


def event_count(event_type: str) -> str:
    """Name of the feature that counts events of a type."""
    return f"event_count_{event_type}"


def interaction_count(channel: str) -> str:
    """Name of the feature that counts contacts by channel."""
    return f"interaction_count_{channel}"


def _count(name: str, what: str, unit: str, unknown: str, source: str, *serves: str) -> Column:
    return Column(
        name,
        T.LongType(),
        what,
        null_means=unknown,
        unit=unit,
        minimum=0,
        grows_with_time=True,
        made_from=daily(source),
        serves=serves,
    )


def _rate(name: str, what: str, unknown: str, sources: tuple[str, ...], *serves: str) -> Column:
    return Column(
        name,
        T.DoubleType(),
        what,
        null_means=unknown,
        unit="share",
        minimum=0,
        maximum=1,
        made_from=daily(*sources),
        serves=serves,
    )


def _seconds(name: str, what: str, unknown: str, made_from: tuple[str, ...], use: str) -> Column:
    return Column(
        name,
        T.DoubleType(),
        what,
        null_means=unknown,
        unit="seconds",
        minimum=0,
        made_from=made_from,
        serves=(use,),
    )


def _category(
    name: str, what: str, allowed: tuple[str, ...], unknown: str, sources: tuple[str, ...], use: str
) -> Column:
    return Column(
        name,
        T.StringType(),
        what,
        null_means=unknown,
        allowed=allowed,
        made_from=daily(*sources),
        serves=(use,),
    )


_SESSION_FEATURES = (
    _count(
        SESSION_COUNT,
        "Visits so far.",
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
            f"Visits in the {days} days before as_of.",
            null_means=f"{WINDOW_UNKNOWN}, or {_NO_SESSIONS}",
            unit="sessions",
            minimum=0,
            made_from=daily(activity_tables.SESSIONS),
            serves=(uses.CHURN,),
        )
        for days in WINDOWS
    ),
    _seconds(
        AVERAGE_SESSION_DURATION,
        "Mean duration of the visits so far that have one.",
        "no visit with a duration",
        daily(activity_tables.SESSION_SECONDS, activity_tables.TIMED_SESSIONS),
        uses.DROP_OFF,
    ),
    _category(
        PREFERRED_DEVICE,
        "Device of most visits so far; of equals the first by name.",
        behaviour.DEVICES,
        "no visit with a known device",
        tuple(activity_tables.sessions_on(device) for device in behaviour.DEVICES),
        uses.DEVICE,
    ),
    *(
        _rate(
            device_share(device),
            f"Visits on {device} / visits with a known device, so far.",
            "no visit with a known device",
            tuple(activity_tables.sessions_on(each) for each in behaviour.DEVICES),
            uses.DEVICE,
        )
        for device in behaviour.DEVICES
    ),
)

_JOURNEY_FEATURES = (
    _rate(
        BOUNCE_RATE,
        "Visits with exactly one event / visits with any, so far.",
        "no visit with events",
        (activity_tables.BOUNCES, activity_tables.JOURNEYS),
        uses.DROP_OFF,
    ),
    _rate(
        DROP_OFF_RATE,
        "Visits without a purchase event / visits with any event, so far.",
        "no visit with events",
        (activity_tables.DROP_OFFS, activity_tables.JOURNEYS),
        uses.DROP_OFF,
    ),
    _rate(
        CART_DROP_OFF_RATE,
        "Visits with an add_to_cart but no purchase event / visits with an add_to_cart, so far.",
        "no visit with an add_to_cart event",
        (activity_tables.CART_DROP_OFFS, activity_tables.CART_JOURNEYS),
        uses.DROP_OFF,
    ),
    _category(
        USUAL_EXIT_STEP,
        "Type of the last event in most visits so far; of equals the first by name.",
        behaviour.EVENT_TYPES,
        "no visit with events",
        tuple(activity_tables.ended_at(kind) for kind in behaviour.EVENT_TYPES),
        uses.DROP_OFF,
    ),
    _rate(
        EVENT_CONVERSION_RATE,
        "Visits with a purchase event and a search or click event / visits with a search or click "
        "event, so far. Events outside a known visit do not count.",
        "no visit with a search or click event",
        (activity_tables.CONVERTED_JOURNEYS, activity_tables.SEEKING_JOURNEYS),
        uses.CONVERSION,
    ),
    *(
        _count(
            event_count(kind),
            f"Events of type {kind} so far, in a visit or not.",
            "events",
            _NO_EVENTS,
            activity_tables.events_of(kind),
            uses.CONVERSION,
            uses.RECOMMENDATIONS,
        )
        for kind in behaviour.EVENT_TYPES
    ),
)

_CONTACT_FEATURES = (
    _count(
        INTERACTION_COUNT,
        "Contacts so far.",
        "contacts",
        _NO_CONTACTS,
        activity_tables.INTERACTIONS,
        uses.CHURN,
    ),
    *(
        _count(
            interaction_count(channel),
            f"Contacts by {channel} so far.",
            "contacts",
            _NO_CONTACTS,
            activity_tables.interactions_by(channel),
            uses.CHANNEL,
        )
        for channel in behaviour.CHANNELS
    ),
    _category(
        PREFERRED_CHANNEL,
        "Channel of most contacts so far; of equals the first by name.",
        behaviour.CHANNELS,
        "no contact",
        tuple(activity_tables.interactions_by(channel) for channel in behaviour.CHANNELS),
        uses.CHANNEL,
    ),
    _rate(
        SHARE_RESOLVED,
        "Contacts resolved / contacts with an outcome, so far.",
        "no contact with an outcome",
        (activity_tables.RESOLVED, activity_tables.CONCLUDED),
        uses.RESPONSE,
        uses.CHURN,
    ),
    _seconds(
        RESPONSE_TIME_MEAN,
        "Mean response time of the contacts so far that have one.",
        "no contact with a response time",
        daily(activity_tables.RESPONSE_SECONDS, activity_tables.RESPONSES),
        uses.RESPONSE,
    ),
    _seconds(
        RESPONSE_TIME_P90,
        "90th percentile of these response times, interpolated linearly between ranks.",
        "no contact with a response time",
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
        null_means=_NO_CONTACTS,
        unit="contacts per order",
        minimum=0,
        made_from=daily(activity_tables.AFTER_ORDER, activity_tables.ORDERS),
        serves=(uses.RESPONSE, uses.CHURN),
    ),
)

FEATURES = (*_SESSION_FEATURES, *_JOURNEY_FEATURES, *_CONTACT_FEATURES)
"""Columns of ``gold/customer_features``, second part."""
