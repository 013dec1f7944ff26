"""Contracts of the tables that models and people read: features as of a date, segments."""

from pyspark.sql import types as T

from goldrun.contracts import behaviour_features, purchase_features
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Column, Table

AS_OF = "as_of"
USER_ID = "user_id"
SEGMENT = "segment"
SEGMENT_NAME = "segment_name"
MODEL_VERSION = "model_version"

_CENTS = T.DecimalType(18, 2)
_CUSTOMER = Column(CUSTOMER_ID, T.StringType(), "Who.", required=True, is_customer_id=True)
_AS_OF = Column(
    AS_OF,
    T.DateType(),
    "Midnight in the source's time zone; only what happened before it counts.",
    required=True,
)

CUSTOMER_FEATURES = Table(
    name="gold/customer_features",
    grain="one customer with at least one completed order before as_of, as of that date",
    key=(CUSTOMER_ID, AS_OF),
    clustered_by=(AS_OF, CUSTOMER_ID),
    columns=(_CUSTOMER, _AS_OF, *purchase_features.FEATURES, *behaviour_features.FEATURES),
)

USER_FEATURES = Table(
    name="gold/user_features",
    grain="one customer with at least one completed order, as of the newest event in the lake",
    key=(USER_ID,),
    z_ordered_by=(purchase_features.TOTAL_SPEND,),
    columns=(
        Column(USER_ID, T.StringType(), "The customer_id.", required=True, is_customer_id=True),
        Column(
            purchase_features.PURCHASE_FREQUENCY,
            T.LongType(),
            "Completed orders.",
            required=True,
            unit="orders",
            minimum=1,
        ),
        Column(
            purchase_features.TOTAL_SPEND,
            _CENTS,
            "Completed amounts.",
            required=True,
            unit="currency",
            minimum=0,
        ),
        Column(
            purchase_features.AVG_TRANSACTION_VALUE,
            _CENTS,
            "total_spend / purchase_frequency, rounded last.",
            required=True,
            unit="currency per order",
            minimum=0,
        ),
        Column(
            purchase_features.LAST_PURCHASE_DATE,
            T.DateType(),
            "Day of the last completed order.",
            required=True,
        ),
        Column(
            purchase_features.RECENCY_DAYS,
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

FROM_SEGMENT = "from_segment"
FROM_NAME = "from_name"
TO_SEGMENT = "to_segment"
TO_NAME = "to_name"
CHANGED_AT = "changed_at"

SEGMENT_CHANGES = Table(
    name="gold/segment_changes",
    grain="one customer who was found in another segment of the same model than before",
    key=(CUSTOMER_ID, CHANGED_AT),
    clustered_by=(CHANGED_AT,),
    columns=(
        _CUSTOMER,
        Column(FROM_SEGMENT, T.IntegerType(), "Segment before.", required=True),
        Column(FROM_NAME, T.StringType(), "Its name.", required=True),
        Column(TO_SEGMENT, T.IntegerType(), "Segment now.", required=True),
        Column(TO_NAME, T.StringType(), "Its name.", required=True),
        Column(MODEL_VERSION, T.IntegerType(), "Registered version that scored.", required=True),
        Column(CHANGED_AT, T.TimestampType(), "When it was found, UTC.", required=True),
    ),
)

FEATURES: tuple[Column, ...] = tuple(
    column
    for column in CUSTOMER_FEATURES.columns
    if not isinstance(column.type, (T.StringType, T.DateType))
)
"""The numeric columns of ``gold/customer_features``, which models and drift checks may use."""
