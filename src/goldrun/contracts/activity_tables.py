"""Contracts of what customers did day by day: the tables that every feature is computed from."""

from pyspark.sql import types as T

from goldrun.contracts import behaviour, entities
from goldrun.contracts.table import Column, Table

DAY = "day"
ORDERS = "orders"
SPEND = "spend"
LINES = "lines"
PIECES = "pieces"
ORDERS_PLACED = "orders_placed"
ORDERS_CANCELLED = "orders_cancelled"
TRANSACTIONS = "transactions"
SESSIONS = "sessions"
TIMED_SESSIONS = "timed_sessions"
SESSION_SECONDS = "session_seconds"
JOURNEYS = "journeys"
BOUNCES = "bounces"
DROP_OFFS = "drop_offs"
CART_JOURNEYS = "cart_journeys"
CART_DROP_OFFS = "cart_drop_offs"
SEEKING_JOURNEYS = "seeking_journeys"
CONVERTED_JOURNEYS = "converted_journeys"
INTERACTIONS = "interactions"
CONCLUDED = "interactions_concluded"
RESOLVED = "interactions_resolved"
AFTER_ORDER = "interactions_after_order"
RESPONSES = "responses"
RESPONSE_SECONDS = "response_seconds"
AFTER_ORDER_DAYS = 30
"""How long after an order an interaction counts as being about it, in days."""

SUM = T.DecimalType(28, 4)
SECONDS_SUM = T.DecimalType(25, 3)

TRANSACTION_TIME = f"transactions.{entities.TRANSACTION_DATE}"
STATUS = f"transactions.{entities.TRANSACTION_STATUS}"


def spend_by(method: str) -> str:
    """Name of the column that adds what was paid by a payment method."""
    return f"spend_{method}"


def sessions_on(device: str) -> str:
    """Name of the column that counts sessions on a kind of device."""
    return f"sessions_{device}"


def ended_at(event_type: str) -> str:
    """Name of the column that counts sessions whose last event is of a type."""
    return f"journeys_ended_at_{event_type}"


def events_of(event_type: str) -> str:
    """Name of the column that counts events of a type."""
    return f"events_{event_type}"


def interactions_by(channel: str) -> str:
    """Name of the column that counts interactions by channel."""
    return f"interactions_{channel}"


def count(name: str, description: str, unit: str, *made_from: str) -> Column:
    """A column of counts, from columns of silver."""
    return Column(
        name, T.LongType(), description, required=True, unit=unit, minimum=0, made_from=made_from
    )


def _money(name: str, description: str, *made_from: str) -> Column:
    return Column(
        name, SUM, description, required=True, unit="currency", minimum=0, made_from=made_from
    )


def _seconds(name: str, description: str, *made_from: str) -> Column:
    return Column(
        name,
        SECONDS_SUM,
        description,
        required=True,
        unit="seconds",
        minimum=0,
        made_from=made_from,
    )


_CUSTOMER = Column(
    entities.CUSTOMER_ID, T.StringType(), "Key of the customer.", required=True, is_customer_id=True
)
_DAY = Column(DAY, T.DateType(), "Calendar day of the source's time zone.", required=True)
KEY_COLUMNS = (_CUSTOMER, _DAY)
"""The columns that every table of activity begins with."""
_ORDER = (f"transactions.{entities.ORDER_ID}", STATUS, TRANSACTION_TIME)
_AMOUNT = (f"transactions.{entities.AMOUNT}", STATUS, TRANSACTION_TIME)
_SESSION = (f"sessions.{behaviour.SESSION_START}", f"sessions.{behaviour.SESSION_END}")
_EVENT = (f"events.{behaviour.EVENT_TYPE}", f"events.{behaviour.EVENT_TIMESTAMP}")
_JOURNEY = (f"events.{behaviour.SESSION_ID}", *_EVENT, *_SESSION)
_DURATION = f"sessions.{behaviour.SESSION_DURATION}"
INTERACTION_SOURCE = f"interactions.{behaviour.INTERACTION_DATE}"
RESPONSE_SOURCE = f"interactions.{behaviour.RESPONSE_TIME}"

_PURCHASES = (
    count(
        ORDERS,
        "Completed orders, each counted once, on the day of its first completed transaction.",
        "orders",
        *_ORDER,
    ),
    _money(SPEND, "Completed amounts.", *_AMOUNT),
    count(LINES, "Completed transactions.", "transactions", STATUS, TRANSACTION_TIME),
    count(PIECES, "Completed pieces.", "pieces", f"transactions.{entities.QUANTITY}", *_ORDER[1:]),
    count(
        ORDERS_PLACED,
        "Orders of any status, each on the day of its first transaction.",
        "orders",
        *_ORDER,
    ),
    count(
        ORDERS_CANCELLED,
        "Orders with a cancelled transaction, each on the day of the first one.",
        "orders",
        *_ORDER,
    ),
    count(TRANSACTIONS, "Transactions of any status.", "transactions", TRANSACTION_TIME),
    *(
        _money(
            spend_by(method),
            f"Completed amounts paid by {method}.",
            f"transactions.{entities.PAYMENT_METHOD}",
            *_AMOUNT,
        )
        for method in entities.PAYMENT_METHODS
    ),
)

# All metrics of a session are on one day, the first at whose end all of them are known: the day of
# its session_end (its session_start where it has none), or of its last event if that is later. So
# no feature as of a midnight depends on how a session goes on after it. An event is on its own day.
_SESSIONS = (
    count(SESSIONS, "Sessions.", "sessions", *_JOURNEY),
    count(
        TIMED_SESSIONS,
        "Sessions with a known duration.",
        "sessions",
        _DURATION,
    ),
    _seconds(SESSION_SECONDS, "Their durations.", _DURATION),
    *(
        count(
            sessions_on(device),
            f"Sessions on {device}.",
            "sessions",
            f"sessions.{behaviour.DEVICE_TYPE}",
        )
        for device in behaviour.DEVICES
    ),
    count(JOURNEYS, "Sessions with at least one event.", "sessions", *_JOURNEY),
    count(BOUNCES, "Sessions with exactly one event.", "sessions", *_JOURNEY),
    count(DROP_OFFS, "Sessions with events but without a purchase event.", "sessions", *_JOURNEY),
    count(CART_JOURNEYS, "Sessions with an add_to_cart event.", "sessions", *_JOURNEY),
    count(
        CART_DROP_OFFS,
        "Sessions with an add_to_cart event but without a purchase event.",
        "sessions",
        *_JOURNEY,
    ),
    count(SEEKING_JOURNEYS, "Sessions with a search or click event.", "sessions", *_JOURNEY),
    count(
        CONVERTED_JOURNEYS,
        "Sessions with a search or click event and a purchase event.",
        "sessions",
        *_JOURNEY,
    ),
    *(
        count(
            ended_at(kind),
            f"Sessions whose last event (by time, then event_id) is {kind}.",
            "sessions",
            *_JOURNEY,
        )
        for kind in behaviour.EVENT_TYPES
    ),
    *(
        count(events_of(kind), f"Events of type {kind}, in a session or not.", "events", *_EVENT)
        for kind in behaviour.EVENT_TYPES
    ),
)

_INTERACTIONS = (
    count(INTERACTIONS, "Interactions.", "interactions", INTERACTION_SOURCE),
    *(
        count(
            interactions_by(channel),
            f"Interactions by {channel}.",
            "interactions",
            f"interactions.{behaviour.INTERACTION_TYPE}",
            INTERACTION_SOURCE,
        )
        for channel in behaviour.CHANNELS
    ),
    count(
        CONCLUDED,
        "Interactions with an outcome.",
        "interactions",
        f"interactions.{behaviour.INTERACTION_OUTCOME}",
    ),
    count(
        RESOLVED,
        "Interactions resolved.",
        "interactions",
        f"interactions.{behaviour.INTERACTION_OUTCOME}",
    ),
    count(
        AFTER_ORDER,
        f"Interactions at most {AFTER_ORDER_DAYS} days (of 24 hours) after the customer's latest "
        "completed transaction before them.",
        "interactions",
        INTERACTION_SOURCE,
        STATUS,
        TRANSACTION_TIME,
    ),
    count(RESPONSES, "Interactions with a response time.", "interactions", RESPONSE_SOURCE),
    _seconds(RESPONSE_SECONDS, "Their response times.", RESPONSE_SOURCE),
)

CUSTOMER_DAILY = Table(
    name="gold/customer_daily",
    grain="one customer on one day with any activity; every number adds up over days",
    key=(entities.CUSTOMER_ID, DAY),
    clustered_by=(DAY,),
    columns=(*KEY_COLUMNS, *_PURCHASES, *_SESSIONS, *_INTERACTIONS),
)
