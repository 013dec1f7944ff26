"""Names of the daily metrics, their entries by kind (counts, money, seconds), their aggregates."""

from collections.abc import Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import entities
from goldrun.contracts.table import Column
from goldrun.features.catalog.entry import DailyMetric

DAY = "day"
KNOWN_FROM = "known_from"
ORDERS = "orders"
SPEND = "spend"
LINES = "lines"
PIECES = "pieces"
ORDERS_PLACED = "orders_placed"
ORDERS_CANCELLED = "orders_cancelled"
ORDERS_REFUNDED = "orders_refunded"
REFUNDS = "refunds"
NET_SPEND = "net_spend"
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


def count(name: str, expression: str, description: str, unit: str, *made_from: str) -> DailyMetric:
    """A metric that counts, made from columns of silver."""
    return _metric(name, T.LongType(), expression, description, unit, made_from)


def money(name: str, expression: str, description: str, *made_from: str) -> DailyMetric:
    """A metric that adds money, made from columns of silver."""
    return _metric(name, SUM, expression, description, "currency", made_from)


def quantity(name: str, expression: str, description: str, *made_from: str) -> DailyMetric:
    """A metric that adds quantities, made from columns of silver."""
    return _metric(name, SUM, expression, description, "pieces", made_from)


def seconds(name: str, expression: str, description: str, *made_from: str) -> DailyMetric:
    """A metric that adds seconds, made from columns of silver."""
    return _metric(name, SECONDS_SUM, expression, description, "seconds", made_from)


def _metric(
    name: str,
    kind: T.DataType,
    expression: str,
    description: str,
    unit: str,
    made_from: tuple[str, ...],
) -> DailyMetric:
    """Declare a daily metric that is never null."""
    return DailyMetric(
        name,
        kind,
        description,
        required=True,
        unit=unit,
        made_from=made_from,
        expression=expression,
    )


def aggregates(columns: Sequence[Column]) -> list[SparkColumn]:
    """Return the aggregate of each daily metric among some columns, under the metric's name."""
    metrics = [column for column in columns if isinstance(column, DailyMetric)]
    return [F.expr(metric.expression).alias(metric.name) for metric in metrics]


KEY_COLUMNS = (
    Column(
        entities.CUSTOMER_ID,
        T.StringType(),
        "Key of the customer.",
        required=True,
        is_customer_id=True,
    ),
    Column(DAY, T.DateType(), "Calendar day of the source's time zone.", required=True),
)
"""The columns that every table of activity begins with."""

KNOWN_FROM_COLUMN = Column(
    KNOWN_FROM,
    T.DateType(),
    "First day at whose end this is known: the day itself, or the day of a later correction, whose "
    "row holds the difference that it makes.",
    required=True,
    made_from=(
        f"transactions.{entities.TRANSACTION_DATE}",
        f"transactions.{entities.UPDATED_AT}",
    ),
)
