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
"""How long after an order a contact counts as being about it, in days."""

SUM = T.DecimalType(28, 4)
SECONDS_SUM = T.DecimalType(25, 3)

TRANSACTION_TIME = f"transactions.{entities.TRANSACTION_DATE}"
STATUS = f"transactions.{entities.TRANSACTION_STATUS}"


def spend_by(method: str) -> str:
    """Name of the column that adds what was paid by a payment method."""
    return f"spend_{method}"


def sessions_on(device: str) -> str:
    """Name of the column that counts visits on a kind of device."""
    return f"sessions_{device}"


def ended_at(event_type: str) -> str:
    """Name of the column that counts journeys whose last event is of a type."""
    return f"journeys_ended_at_{event_type}"


def events_of(event_type: str) -> str:
    """Name of the column that counts events of a type."""
    return f"events_{event_type}"


def interactions_by(channel: str) -> str:
    """Name of the column that counts contacts by channel."""
    return f"interactions_{channel}"


def _count(name: str, description: str, unit: str, *made_from: str) -> Column:
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


def _then(name: str) -> tuple[str, ...]:
    return f"customers.{name}", f"customers.{entities.UPDATED_AT}", TRANSACTION_TIME


_CUSTOMER = Column(entities.CUSTOMER_ID, T.StringType(), "Who.", required=True, is_customer_id=True)
_DAY = Column(DAY, T.DateType(), "Calendar day of the source's time zone.", required=True)
_ORDER = (f"transactions.{entities.ORDER_ID}", STATUS, TRANSACTION_TIME)
_AMOUNT = (f"transactions.{entities.AMOUNT}", STATUS, TRANSACTION_TIME)
_SESSION = (f"sessions.{behaviour.SESSION_START}", f"sessions.{behaviour.SESSION_END}")
_EVENT = (f"events.{behaviour.EVENT_TYPE}", f"events.{behaviour.EVENT_TIMESTAMP}")
_JOURNEY = (f"events.{behaviour.SESSION_ID}", *_EVENT, *_SESSION)
_PRODUCT = f"transactions.{entities.PRODUCT_ID}"
_DURATION = f"sessions.{behaviour.SESSION_DURATION}"
_CONTACT = f"interactions.{behaviour.INTERACTION_DATE}"
_RESPONSE = f"interactions.{behaviour.RESPONSE_TIME}"

_BUYING = (
    _count(
        ORDERS,
        "Completed orders, each counted once, on the day of its first completed line.",
        "orders",
        *_ORDER,
    ),
    _money(SPEND, "Completed amounts.", *_AMOUNT),
    _count(LINES, "Completed lines.", "lines", STATUS, TRANSACTION_TIME),
    _count(PIECES, "Completed pieces.", "pieces", f"transactions.{entities.QUANTITY}", *_ORDER[1:]),
    _count(
        ORDERS_PLACED, "Orders of any status, each on the day of its first line.", "orders", *_ORDER
    ),
    _count(
        ORDERS_CANCELLED,
        "Orders with a cancelled line, each on the day of the first one.",
        "orders",
        *_ORDER,
    ),
    _count(TRANSACTIONS, "Lines of any status.", "lines", TRANSACTION_TIME),
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

# All facts of a visit are on one day, the first on whose end all of them were known: the day of its
# session_end (its session_start where it has none), or of its last event if that came later. So no
# feature as of a midnight knows how a visit went on after it. An event is on its own day.
_VISITING = (
    _count(SESSIONS, "Visits.", "sessions", *_JOURNEY),
    _count(
        TIMED_SESSIONS,
        "Visits with a known duration.",
        "sessions",
        _DURATION,
    ),
    _seconds(SESSION_SECONDS, "Their durations.", _DURATION),
    *(
        _count(
            sessions_on(device),
            f"Visits on {device}.",
            "sessions",
            f"sessions.{behaviour.DEVICE_TYPE}",
        )
        for device in behaviour.DEVICES
    ),
    _count(JOURNEYS, "Visits with at least one event.", "sessions", *_JOURNEY),
    _count(BOUNCES, "Visits with exactly one event.", "sessions", *_JOURNEY),
    _count(DROP_OFFS, "Visits with events but without a purchase event.", "sessions", *_JOURNEY),
    _count(CART_JOURNEYS, "Visits with an add_to_cart event.", "sessions", *_JOURNEY),
    _count(
        CART_DROP_OFFS,
        "Visits with an add_to_cart event but without a purchase event.",
        "sessions",
        *_JOURNEY,
    ),
    _count(SEEKING_JOURNEYS, "Visits with a search or click event.", "sessions", *_JOURNEY),
    _count(
        CONVERTED_JOURNEYS,
        "Visits with a search or click event and a purchase event.",
        "sessions",
        *_JOURNEY,
    ),
    *(
        _count(
            ended_at(kind),
            f"Visits whose last event (by time, then event_id) is {kind}.",
            "sessions",
            *_JOURNEY,
        )
        for kind in behaviour.EVENT_TYPES
    ),
    *(
        _count(events_of(kind), f"Events of type {kind}, in a visit or not.", "events", *_EVENT)
        for kind in behaviour.EVENT_TYPES
    ),
)

_TALKING = (
    _count(INTERACTIONS, "Contacts.", "contacts", _CONTACT),
    *(
        _count(
            interactions_by(channel),
            f"Contacts by {channel}.",
            "contacts",
            f"interactions.{behaviour.INTERACTION_TYPE}",
            _CONTACT,
        )
        for channel in behaviour.CHANNELS
    ),
    _count(
        CONCLUDED,
        "Contacts with an outcome.",
        "contacts",
        f"interactions.{behaviour.INTERACTION_OUTCOME}",
    ),
    _count(
        RESOLVED, "Contacts resolved.", "contacts", f"interactions.{behaviour.INTERACTION_OUTCOME}"
    ),
    _count(
        AFTER_ORDER,
        f"Contacts at most {AFTER_ORDER_DAYS} days (of 24 hours) after the customer's latest "
        "completed line before them.",
        "contacts",
        _CONTACT,
        STATUS,
        TRANSACTION_TIME,
    ),
    _count(RESPONSES, "Contacts with a response time.", "contacts", _RESPONSE),
    _seconds(RESPONSE_SECONDS, "Their response times.", _RESPONSE),
)

CUSTOMER_DAILY = Table(
    name="gold/customer_daily",
    grain="one customer on one day with any activity; every number adds up over days",
    key=(entities.CUSTOMER_ID, DAY),
    clustered_by=(DAY,),
    columns=(_CUSTOMER, _DAY, *_BUYING, *_VISITING, *_TALKING),
)

CUSTOMER_PRODUCTS = Table(
    name="gold/customer_products",
    grain="one product that a customer bought on one day",
    key=(entities.CUSTOMER_ID, DAY, entities.PRODUCT_ID),
    clustered_by=(DAY,),
    columns=(
        _CUSTOMER,
        _DAY,
        Column(
            entities.PRODUCT_ID,
            T.StringType(),
            "What was bought.",
            required=True,
            made_from=(_PRODUCT, STATUS, TRANSACTION_TIME),
        ),
        _count(LINES, "Completed lines of it.", "lines", _PRODUCT, STATUS, TRANSACTION_TIME),
    ),
)

CUSTOMER_RESPONSES = Table(
    name="gold/customer_responses",
    grain="one response time that a customer's contacts had on one day",
    key=(entities.CUSTOMER_ID, DAY, behaviour.RESPONSE_TIME),
    clustered_by=(DAY,),
    columns=(
        _CUSTOMER,
        _DAY,
        Column(
            behaviour.RESPONSE_TIME,
            behaviour.SECONDS,
            "Time until the shop first answered.",
            required=True,
            unit="seconds",
            minimum=0,
            made_from=(_RESPONSE, _CONTACT),
        ),
        _count(
            RESPONSES,
            "Contacts that took that long.",
            "contacts",
            _RESPONSE,
        ),
    ),
)

CUSTOMER_PLACES = Table(
    name="gold/customer_places",
    grain="one place and segment that a customer was in on one day with a transaction",
    key=(entities.CUSTOMER_ID, DAY, entities.LOCATION, entities.CUSTOMER_SEGMENT),
    clustered_by=(DAY,),
    columns=(
        _CUSTOMER,
        _DAY,
        Column(
            entities.LOCATION,
            T.StringType(),
            "customers.location then; empty: unknown.",
            required=True,
            made_from=_then(entities.LOCATION),
        ),
        Column(
            entities.CUSTOMER_SEGMENT,
            T.StringType(),
            "customers.customer_segment then; empty: unknown.",
            required=True,
            made_from=_then(entities.CUSTOMER_SEGMENT),
        ),
        _count(TRANSACTIONS, "Lines of any status.", "lines", TRANSACTION_TIME),
    ),
)

ACTIVITY = (CUSTOMER_DAILY, CUSTOMER_PRODUCTS, CUSTOMER_RESPONSES, CUSTOMER_PLACES)
"""What gold keeps day by day; every feature as of any date is an aggregate of these."""
