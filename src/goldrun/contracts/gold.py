"""Contracts of what models write, and the columns that they share with features."""

from pyspark.sql import types as T

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Column, Table

AS_OF = "as_of"
USER_ID = "user_id"
SEGMENT = "segment"
SEGMENT_NAME = "segment_name"
MODEL_VERSION = "model_version"
FEATURES_VERSION = "features_version"
CHURN_PROBABILITY = "churn_probability"
RANK = "rank"
EXPECTED_PROFIT = "expected_profit"
REASONS = "reasons"

CUSTOMER = Column(CUSTOMER_ID, T.StringType(), "Who.", required=True, is_customer_id=True)
AS_OF_COLUMN = Column(
    AS_OF,
    T.DateType(),
    "Midnight in the source's time zone; only what happened before it counts.",
    required=True,
)

SEGMENTS = Table(
    name="gold/segments",
    grain="one customer as of the newest scoring",
    key=(CUSTOMER_ID,),
    clustered_by=(CUSTOMER_ID,),
    columns=(
        CUSTOMER,
        AS_OF_COLUMN,
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
        CUSTOMER,
        Column(FROM_SEGMENT, T.IntegerType(), "Segment before.", required=True),
        Column(FROM_NAME, T.StringType(), "Its name.", required=True),
        Column(TO_SEGMENT, T.IntegerType(), "Segment now.", required=True),
        Column(TO_NAME, T.StringType(), "Its name.", required=True),
        Column(MODEL_VERSION, T.IntegerType(), "Registered version that scored.", required=True),
        Column(CHANGED_AT, T.TimestampType(), "When it was found, UTC.", required=True),
    ),
)

CHURN_SCORES = Table(
    name="gold/churn_scores",
    grain="one customer with at least one completed order, as of the newest scoring",
    key=(CUSTOMER_ID,),
    clustered_by=(RANK,),
    columns=(
        CUSTOMER,
        AS_OF_COLUMN,
        Column(
            CHURN_PROBABILITY,
            T.DoubleType(),
            "Chance that the customer completes no order within the model's horizon from as_of.",
            required=True,
            unit="share",
            minimum=0,
            maximum=1,
        ),
        Column(
            RANK,
            T.IntegerType(),
            "Place by descending churn_probability, equal ones by customer_id: 1 is the customer "
            "who is likeliest to stay away.",
            required=True,
            minimum=1,
        ),
        Column(
            EXPECTED_PROFIT,
            T.DecimalType(18, 4),
            "Expected profit of making the customer an offer: churn_probability * success_rate * "
            "customer_value - offer_cost, by [campaign] of models/churn.toml.",
            null_means="models/churn.toml has no [campaign]",
            unit="currency",
        ),
        Column(
            REASONS,
            T.ArrayType(T.StringType()),
            "Up to three features that raise the probability most, relative to the average "
            "customer, in words; empty if none raises it.",
            required=True,
        ),
        Column(MODEL_VERSION, T.IntegerType(), "Registered version that scored.", required=True),
        Column(
            FEATURES_VERSION,
            T.LongType(),
            "Delta version of gold/customer_features that the features were read at; a later "
            "scoring whose scores are all equal leaves it.",
            required=True,
        ),
    ),
)
