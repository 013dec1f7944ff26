"""Contracts of the gold tables: activity per day, features as of a date, segments."""

from pyspark.sql import types as T

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Column, Table

DAY = "day"
ORDERS = "orders"
SPEND = "spend"
LINES = "lines"
PIECES = "pieces"
ORDERS_PLACED = "orders_placed"
ORDERS_CANCELLED = "orders_cancelled"

AS_OF = "as_of"
PURCHASE_FREQUENCY = "purchase_frequency"
TOTAL_SPEND = "total_spend"
AVG_TRANSACTION_VALUE = "avg_transaction_value"
LAST_PURCHASE_DATE = "last_purchase_date"
RECENCY_DAYS = "recency_days"
TENURE_DAYS = "tenure_days"
CANCELLATION_RATE = "cancellation_rate"
WINDOWS = (30, 90, 180)
"""Lengths of the look-back windows, in days."""

USER_ID = "user_id"
SEGMENT = "segment"
SEGMENT_NAME = "segment_name"
MODEL_VERSION = "model_version"

_SUM = T.DecimalType(28, 4)
_CENTS = T.DecimalType(18, 2)
_CUSTOMER = Column(CUSTOMER_ID, T.StringType(), "Who.", required=True)
_AS_OF = Column(
    AS_OF, T.DateType(), "UTC midnight; only what happened before it counts.", required=True
)


def frequency_in(days: int) -> str:
    """Name of the feature that counts orders in the last ``days`` days."""
    return f"transaction_frequency_last_{days}_days"


def spend_in(days: int) -> str:
    """Name of the feature that adds what was spent in the last ``days`` days."""
    return f"spend_last_{days}_days"


CUSTOMER_DAILY = Table(
    name="gold/customer_daily",
    grain="one customer on one UTC day with any activity; every number adds up over days",
    key=(CUSTOMER_ID, DAY),
    clustered_by=(CUSTOMER_ID,),
    columns=(
        _CUSTOMER,
        Column(DAY, T.DateType(), "UTC day.", required=True),
        Column(
            ORDERS,
            T.LongType(),
            "Completed orders, each counted once, on the day of its first completed line.",
            required=True,
            unit="orders",
            minimum=0,
        ),
        Column(SPEND, _SUM, "Completed amounts.", required=True, unit="currency", minimum=0),
        Column(LINES, T.LongType(), "Completed lines.", required=True, unit="lines", minimum=0),
        Column(PIECES, T.LongType(), "Completed pieces.", required=True, unit="pieces", minimum=0),
        Column(
            ORDERS_PLACED,
            T.LongType(),
            "Orders of any status, each on the day of its first line.",
            required=True,
            unit="orders",
            minimum=0,
        ),
        Column(
            ORDERS_CANCELLED,
            T.LongType(),
            "Orders with a cancelled line, each on the day of the first one.",
            required=True,
            unit="orders",
            minimum=0,
        ),
    ),
)


def _window_columns() -> tuple[Column, ...]:
    unknown = "the history before as_of is shorter than the window"
    counts = (
        Column(
            frequency_in(days),
            T.LongType(),
            f"Completed orders in the {days} days before as_of.",
            null_means=unknown,
            unit="orders",
            minimum=0,
        )
        for days in WINDOWS
    )
    sums = (
        Column(
            spend_in(days),
            _SUM,
            f"Spend in the {days} days before as_of.",
            null_means=unknown,
            unit="currency",
            minimum=0,
        )
        for days in WINDOWS
    )
    return (*counts, *sums)


CUSTOMER_FEATURES = Table(
    name="gold/customer_features",
    grain="one customer with at least one completed order before as_of, as of that date",
    key=(CUSTOMER_ID, AS_OF),
    clustered_by=(AS_OF, CUSTOMER_ID),
    columns=(
        _CUSTOMER,
        _AS_OF,
        Column(
            PURCHASE_FREQUENCY,
            T.LongType(),
            "Completed orders so far.",
            required=True,
            unit="orders",
            minimum=1,
            grows_with_time=True,
        ),
        Column(
            TOTAL_SPEND,
            _SUM,
            "Completed amounts so far.",
            required=True,
            unit="currency",
            minimum=0,
            grows_with_time=True,
        ),
        Column(
            AVG_TRANSACTION_VALUE,
            T.DecimalType(18, 4),
            "total_spend / purchase_frequency.",
            required=True,
            unit="currency per order",
            minimum=0,
        ),
        Column(LAST_PURCHASE_DATE, T.DateType(), "Day of the last completed order.", required=True),
        Column(
            RECENCY_DAYS,
            T.IntegerType(),
            "as_of - last_purchase_date.",
            required=True,
            unit="days",
            minimum=0,
        ),
        Column(
            TENURE_DAYS,
            T.IntegerType(),
            "as_of - day of the first completed order.",
            required=True,
            unit="days",
            minimum=0,
            grows_with_time=True,
        ),
        *_window_columns(),
        Column(
            CANCELLATION_RATE,
            T.DoubleType(),
            "Cancelled orders / orders of any status, so far.",
            required=True,
            unit="share",
            minimum=0,
            maximum=1,
        ),
    ),
)

USER_FEATURES = Table(
    name="gold/user_features",
    grain="one customer with at least one completed order, as of the newest event in the lake",
    key=(USER_ID,),
    z_ordered_by=(TOTAL_SPEND,),
    columns=(
        Column(USER_ID, T.StringType(), "The customer_id.", required=True),
        Column(
            PURCHASE_FREQUENCY,
            T.LongType(),
            "Completed orders.",
            required=True,
            unit="orders",
            minimum=1,
        ),
        Column(
            TOTAL_SPEND, _CENTS, "Completed amounts.", required=True, unit="currency", minimum=0
        ),
        Column(
            AVG_TRANSACTION_VALUE,
            _CENTS,
            "total_spend / purchase_frequency, rounded last.",
            required=True,
            unit="currency per order",
            minimum=0,
        ),
        Column(LAST_PURCHASE_DATE, T.DateType(), "Day of the last completed order.", required=True),
        Column(
            RECENCY_DAYS,
            T.IntegerType(),
            "Calendar days from it to the newest event.",
            required=True,
            unit="days",
            minimum=0,
        ),
    ),
)

SEGMENTS = Table(
    name="gold/segments",
    grain="one customer as of the newest scoring",
    key=(CUSTOMER_ID,),
    clustered_by=(CUSTOMER_ID,),
    columns=(
        _CUSTOMER,
        _AS_OF,
        Column(SEGMENT, T.IntegerType(), "Number of the segment in its model.", required=True),
        Column(SEGMENT_NAME, T.StringType(), "Its name for a marketer.", required=True),
        Column(MODEL_VERSION, T.IntegerType(), "Registered version that scored.", required=True),
    ),
)

FEATURES: tuple[Column, ...] = tuple(
    column
    for column in CUSTOMER_FEATURES.columns
    if not isinstance(column.type, (T.StringType, T.DateType))
)
"""The numeric columns of ``gold/customer_features``, which models and drift checks may use."""
