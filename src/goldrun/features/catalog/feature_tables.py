"""The tables of gold that the catalog's entries make up."""

import re
from collections.abc import Collection

from pyspark.sql import types as T

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Table
from goldrun.features.catalog import (
    daily_metrics,
    interaction_features,
    interaction_metrics,
    purchase_features,
    purchase_metrics,
    refund_features,
    session_features,
    session_metrics,
    sql,
    totals,
    window_features,
)
from goldrun.features.catalog.entry import DailyMetric, Feature
from goldrun.features.catalog.non_additive_tables import (
    CUSTOMER_PLACES,
    CUSTOMER_PRODUCTS,
    CUSTOMER_RESPONSES,
)

METRICS: tuple[DailyMetric, ...] = (
    *purchase_metrics.METRICS,
    *session_metrics.SESSION_METRICS,
    *session_metrics.EVENT_METRICS,
    *interaction_metrics.METRICS,
)
"""Every daily metric, in the order of the columns of ``gold/customer_daily``."""

ALL_FEATURES: tuple[Feature, ...] = (
    *purchase_features.FIRST_FEATURES,
    *window_features.FEATURES,
    *refund_features.FEATURES,
    *purchase_features.FEATURES,
    *session_features.FEATURES,
    *interaction_features.FEATURES,
)
"""Every feature, in the order of the columns of ``gold/customer_features``."""

NUMERIC_FEATURES = tuple(
    feature for feature in ALL_FEATURES if not isinstance(feature.type, (T.StringType, T.DateType))
)
"""The numeric features, which models and drift checks may use."""

CUSTOMER_DAILY = Table(
    name="gold/customer_daily",
    grain="one customer on one day with any activity, as known from a day on; every number adds up "
    "over days and, where a day was corrected later, over its rows",
    key=(CUSTOMER_ID, daily_metrics.DAY, daily_metrics.KNOWN_FROM),
    clustered_by=(daily_metrics.DAY,),
    columns=(*daily_metrics.KEY_COLUMNS, daily_metrics.KNOWN_FROM_COLUMN, *METRICS),
)

ACTIVITY = (CUSTOMER_DAILY, CUSTOMER_PRODUCTS, CUSTOMER_RESPONSES, CUSTOMER_PLACES)
"""What gold keeps by day; every feature as of any date is computed from these."""

CUSTOMER_FEATURES = Table(
    name="gold/customer_features",
    grain="one customer with at least one completed order before as_of, as of that date",
    key=(CUSTOMER_ID, gold.AS_OF),
    clustered_by=(gold.AS_OF, CUSTOMER_ID),
    columns=(gold.CUSTOMER, gold.AS_OF_COLUMN, *ALL_FEATURES),
)

_CENTS = T.DecimalType(18, 2)
USER_FEATURES = Table(
    name="gold/user_features",
    grain="one customer with at least one completed order, as of the observed end of the lake",
    key=(gold.USER_ID,),
    z_ordered_by=(purchase_features.TOTAL_SPEND,),
    columns=(
        Feature(
            gold.USER_ID,
            T.StringType(),
            "The customer_id.",
            required=True,
            is_customer_id=True,
            expression=CUSTOMER_ID,
        ),
        Feature(
            purchase_features.PURCHASE_FREQUENCY,
            T.LongType(),
            "Completed orders.",
            required=True,
            unit="orders",
            minimum=1,
            expression=daily_metrics.ORDERS,
        ),
        Feature(
            purchase_features.TOTAL_SPEND,
            _CENTS,
            "Completed amounts.",
            required=True,
            unit="currency",
            minimum=0,
            expression=daily_metrics.SPEND,
        ),
        Feature(
            purchase_features.AVG_TRANSACTION_VALUE,
            _CENTS,
            "total_spend / purchase_frequency, rounded last.",
            required=True,
            unit="currency per order",
            minimum=0,
            expression=sql.average(daily_metrics.SPEND, daily_metrics.ORDERS),
        ),
        Feature(
            purchase_features.LAST_PURCHASE_DATE,
            T.DateType(),
            "Day of the last completed order.",
            required=True,
            expression=totals.LAST_PURCHASE,
        ),
        Feature(
            purchase_features.RECENCY_DAYS,
            T.IntegerType(),
            "Calendar days from it to the observed end.",
            required=True,
            unit="days",
            minimum=0,
            # as_of is the day after the observed end.
            expression=f"datediff({gold.AS_OF}, {totals.LAST_PURCHASE}) - 1",
        ),
    ),
)
"""The users' table of gold; its expressions read what ``asof.totals_before`` returns as of the day
after the observed end."""


def metrics_read(recorded: Collection[str]) -> tuple[DailyMetric, ...]:
    """Return the daily metrics whose totals the features of some entities are computed from."""
    expressions = [each.expression for each in ALL_FEATURES if each.is_recorded(recorded)]
    words = {word for expression in expressions for word in re.findall(r"\w+", expression.lower())}
    return tuple(metric for metric in METRICS if metric.name in words)


def feature_named(name: str) -> Feature:
    """Return the feature called ``name``; KeyError when there is none."""
    for feature in ALL_FEATURES:
        if feature.name == name:
            return feature
    raise KeyError(f"{CUSTOMER_FEATURES.name} has no feature {name!r}")
