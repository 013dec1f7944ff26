"""Contracts of sessions, events and interactions in silver."""

from pyspark.sql import types as T

from goldrun.contracts.entities import (
    CUSTOMER_ID,
    CUSTOMER_UNKNOWN,
    PRODUCT_ID,
    not_in_future,
    not_long_ago,
)
from goldrun.contracts.table import Column, Reference, Rule, Severity, Standard, Table

SECONDS = T.DecimalType(15, 3)

SESSION_ID = "session_id"
DEVICE_TYPE = "device_type"
SESSION_START = "session_start"
SESSION_END = "session_end"
SESSION_DURATION = "session_duration"
EVENT_ID = "event_id"
EVENT_TYPE = "event_type"
EVENT_TIMESTAMP = "event_timestamp"
INTERACTION_ID = "interaction_id"
INTERACTION_DATE = "interaction_date"
INTERACTION_TYPE = "interaction_type"
RESPONSE_TIME = "response_time"
INTERACTION_OUTCOME = "interaction_outcome"

DEVICES = ("desktop", "mobile", "tablet", "other")
SEARCH = "search"
CLICK = "click"
ADD_TO_CART = "add_to_cart"
PURCHASE = "purchase"
EVENT_TYPES = (
    "page_view",
    SEARCH,
    CLICK,
    ADD_TO_CART,
    "remove_from_cart",
    "checkout",
    PURCHASE,
    "other",
)
CHANNELS = ("email", "phone", "chat", "social", "other")
RESOLVED = "resolved"
OUTCOMES = (RESOLVED, "unresolved", "escalated", "abandoned")

_FROM_START_TO_END = f"(unix_micros({SESSION_END}) - unix_micros({SESSION_START})) / 1000000bd"
_CUSTOMER = Column(CUSTOMER_ID, T.StringType(), "Customer.", required=True, is_customer_id=True)

SESSIONS = Table(
    name="silver/sessions",
    grain="one session of a customer in the shop",
    key=(SESSION_ID,),
    immutable_since=SESSION_START,
    clustered_by=(SESSION_START,),
    columns=(
        Column(SESSION_ID, T.StringType(), "Id of the session.", required=True),
        _CUSTOMER,
        Column(
            DEVICE_TYPE,
            T.StringType(),
            "Kind of device.",
            null_means="not recorded",
            allowed=DEVICES,
            standard=Standard.CATEGORY,
            synonyms=(("pc", "desktop"), ("laptop", "desktop"), ("phone", "mobile")),
        ),
        Column(SESSION_START, T.TimestampType(), "Start of the session, UTC.", required=True),
        Column(
            SESSION_END, T.TimestampType(), "End of the session, UTC.", null_means="not recorded"
        ),
        Column(
            SESSION_DURATION,
            SECONDS,
            "Duration of the session.",
            null_means="not recorded",
            unit="seconds",
            default=_FROM_START_TO_END,
        ),
    ),
    rules=(
        Rule(
            "session_end_before_start",
            f"{SESSION_END} >= {SESSION_START}",
            Severity.REJECT,
            "a session can't end before its start",
        ),
        Rule(
            "session_duration_negative",
            f"{SESSION_DURATION} >= 0",
            Severity.REJECT,
            "a duration can't be negative",
        ),
        not_in_future(SESSION_START),
        not_long_ago(SESSION_START),
        not_in_future(SESSION_END),
        Rule(
            "session_longer_than_a_day",
            f"{SESSION_DURATION} <= 86400",
            Severity.WARN,
            "probably a page left open, or another unit than seconds",
        ),
        Rule(
            "session_duration_disagrees",
            f"abs({SESSION_DURATION} - {_FROM_START_TO_END}) <= 1",
            Severity.WARN,
            "the recorded duration is not the time from start to end",
        ),
    ),
    references=(CUSTOMER_UNKNOWN,),
)

EVENTS = Table(
    name="silver/events",
    grain="one action of a customer",
    key=(EVENT_ID,),
    immutable_since=EVENT_TIMESTAMP,
    clustered_by=(EVENT_TIMESTAMP,),
    columns=(
        Column(EVENT_ID, T.StringType(), "Id of the event.", required=True),
        _CUSTOMER,
        Column(SESSION_ID, T.StringType(), "Session of the event.", null_means="none known"),
        Column(PRODUCT_ID, T.StringType(), "Product of the event.", null_means="none"),
        Column(
            EVENT_TYPE,
            T.StringType(),
            "Kind of action.",
            required=True,
            allowed=EVENT_TYPES,
            standard=Standard.CATEGORY,
            synonyms=(
                ("view", "page_view"),
                ("pageview", "page_view"),
                ("product_view", "page_view"),
                ("cart", ADD_TO_CART),
                ("order", PURCHASE),
            ),
        ),
        Column(EVENT_TIMESTAMP, T.TimestampType(), "Time of the event, UTC.", required=True),
    ),
    rules=(not_in_future(EVENT_TIMESTAMP), not_long_ago(EVENT_TIMESTAMP)),
    references=(
        CUSTOMER_UNKNOWN,
        Reference(
            "session_unknown",
            SESSION_ID,
            "sessions",
            Severity.WARN,
            "the event counts for features of events, but not of sessions",
        ),
    ),
)

INTERACTIONS = Table(
    name="silver/interactions",
    grain="one interaction of a customer with the shop's staff",
    key=(INTERACTION_ID,),
    immutable_since=INTERACTION_DATE,
    clustered_by=(INTERACTION_DATE,),
    columns=(
        Column(INTERACTION_ID, T.StringType(), "Id of the interaction.", required=True),
        _CUSTOMER,
        Column(
            INTERACTION_DATE, T.TimestampType(), "Start of the interaction, UTC.", required=True
        ),
        Column(
            INTERACTION_TYPE,
            T.StringType(),
            "Channel.",
            required=True,
            allowed=CHANNELS,
            standard=Standard.CATEGORY,
            synonyms=(("e_mail", "email"), ("mail", "email"), ("call", "phone")),
        ),
        Column(
            RESPONSE_TIME,
            SECONDS,
            "Time until the shop's first answer.",
            null_means="no answer, or not recorded",
            unit="seconds",
        ),
        Column(
            INTERACTION_OUTCOME,
            T.StringType(),
            "Outcome of the interaction.",
            null_means="not recorded",
            allowed=OUTCOMES,
            standard=Standard.CATEGORY,
            synonyms=(("solved", RESOLVED), ("unsolved", "unresolved")),
        ),
    ),
    rules=(
        Rule(
            "response_time_negative",
            f"{RESPONSE_TIME} >= 0",
            Severity.REJECT,
            "a response time can't be negative",
        ),
        not_in_future(INTERACTION_DATE),
        not_long_ago(INTERACTION_DATE),
    ),
    references=(CUSTOMER_UNKNOWN,),
)
