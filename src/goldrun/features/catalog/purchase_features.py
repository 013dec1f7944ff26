"""Features of a customer's transactions and orders before a date.

"Before" means before the midnight ``as_of`` in the source's time zone.
"""

from pyspark.sql import types as T

from goldrun.contracts import entities, gold, uses
from goldrun.features.catalog import daily_metrics, sql, totals
from goldrun.features.catalog.entry import Feature
from goldrun.features.catalog.feature_kinds import daily, share

PURCHASE_FREQUENCY = "purchase_frequency"
TOTAL_SPEND = "total_spend"
AVG_TRANSACTION_VALUE = "avg_transaction_value"
AVERAGE_PURCHASE_VALUE = "average_purchase_value"
LAST_PURCHASE_DATE = "last_purchase_date"
RECENCY_DAYS = "recency_days"
TENURE_DAYS = "tenure_days"
DAYS_SINCE_LAST_TRANSACTION = "days_since_last_transaction"
CANCELLATION_RATE = "cancellation_rate"
DISTINCT_PRODUCTS = "distinct_products"
BASKET_SIZE = "basket_size"
PURCHASE_GAP_MEAN_DAYS = "purchase_gap_mean_days"
PURCHASE_GAP_STD_DAYS = "purchase_gap_std_days"
_AVERAGE = T.DecimalType(18, 4)


def payment_share(method: str) -> str:
    """Name of the feature that gives a payment method's share of spend."""
    return f"payment_share_{method}"


_SPEND_BY_METHOD = tuple(daily_metrics.spend_by(each) for each in entities.PAYMENT_METHODS)
_PAYMENT_SHARES = tuple(
    share(
        payment_share(method),
        sql.ratio(daily_metrics.spend_by(method), sql.added(_SPEND_BY_METHOD)),
        f"Completed amounts paid by {method} / completed amounts with a known payment method.",
        "no amount with a known payment method",
        _SPEND_BY_METHOD,
        uses.VALUE,
    )
    for method in entities.PAYMENT_METHODS
)

# The gaps g_1 … g_n between purchase days add up to the days from the first to the last purchase.
# Their variance is (n * sum(g²) - (sum g)²) / (n * (n - 1)), from whole numbers of days.
_GAPS = f"({totals.PURCHASE_DAYS} - 1)"
_SUM_OF_GAPS = f"CAST(datediff({totals.LAST_PURCHASE}, {totals.FIRST_PURCHASE}) AS BIGINT)"
_GAP_VARIANCE = sql.ratio(
    f"({_GAPS} * {totals.SQUARED_GAPS} - {_SUM_OF_GAPS} * {_SUM_OF_GAPS})",
    f"({_GAPS} * ({_GAPS} - 1))",
)

FIRST_FEATURES = (
    Feature(
        PURCHASE_FREQUENCY,
        T.LongType(),
        "Completed orders so far.",
        required=True,
        unit="orders",
        minimum=1,
        grows_with_time=True,
        made_from=daily(daily_metrics.ORDERS),
        expression=daily_metrics.ORDERS,
        serves=(uses.VALUE, uses.CHURN),
    ),
    Feature(
        TOTAL_SPEND,
        daily_metrics.SUM,
        "Completed amounts so far: gross, refunds that are transactions of their own are not taken "
        "off.",
        required=True,
        unit="currency",
        minimum=0,
        grows_with_time=True,
        made_from=daily(daily_metrics.SPEND),
        expression=daily_metrics.SPEND,
        serves=(uses.VALUE, uses.CHURN),
    ),
    Feature(
        AVG_TRANSACTION_VALUE,
        _AVERAGE,
        f"{TOTAL_SPEND} / {PURCHASE_FREQUENCY}: what an order is worth.",
        required=True,
        unit="currency per order",
        minimum=0,
        made_from=daily(daily_metrics.SPEND, daily_metrics.ORDERS),
        expression=sql.average(daily_metrics.SPEND, daily_metrics.ORDERS),
        serves=(uses.VALUE, uses.CHURN),
    ),
    Feature(
        AVERAGE_PURCHASE_VALUE,
        _AVERAGE,
        f"{TOTAL_SPEND} / completed transactions: what one purchased product is worth.",
        required=True,
        unit="currency per transaction",
        minimum=0,
        made_from=daily(daily_metrics.SPEND, daily_metrics.LINES),
        expression=sql.average(daily_metrics.SPEND, daily_metrics.LINES),
        serves=(uses.VALUE, uses.RECOMMENDATIONS),
    ),
    Feature(
        LAST_PURCHASE_DATE,
        T.DateType(),
        "Day of the last completed order.",
        required=True,
        made_from=daily(daily_metrics.ORDERS),
        expression=totals.LAST_PURCHASE,
        serves=(uses.CHURN,),
    ),
    Feature(
        RECENCY_DAYS,
        T.IntegerType(),
        f"as_of - {LAST_PURCHASE_DATE}.",
        required=True,
        unit="days",
        minimum=1,
        made_from=daily(daily_metrics.ORDERS),
        expression=f"datediff({gold.AS_OF}, {totals.LAST_PURCHASE})",
        serves=(uses.CHURN,),
    ),
    Feature(
        TENURE_DAYS,
        T.IntegerType(),
        "as_of - day of the first completed order.",
        required=True,
        unit="days",
        minimum=1,
        grows_with_time=True,
        made_from=daily(daily_metrics.ORDERS),
        expression=f"datediff({gold.AS_OF}, {totals.FIRST_PURCHASE})",
        serves=(uses.VALUE, uses.CHURN),
    ),
    Feature(
        DAYS_SINCE_LAST_TRANSACTION,
        T.IntegerType(),
        "as_of - day of the last transaction of any status.",
        required=True,
        unit="days",
        minimum=1,
        made_from=daily(daily_metrics.TRANSACTIONS),
        expression=f"datediff({gold.AS_OF}, {totals.LAST_TRANSACTION})",
        serves=(uses.CHURN,),
    ),
)
"""The first columns of ``gold/customer_features`` after its key."""

FEATURES = (
    Feature(
        CANCELLATION_RATE,
        T.DoubleType(),
        "Orders with a cancelled transaction / orders of any status, so far.",
        required=True,
        unit="share",
        minimum=0,
        maximum=1,
        made_from=daily(daily_metrics.ORDERS_CANCELLED, daily_metrics.ORDERS_PLACED),
        expression=sql.ratio(daily_metrics.ORDERS_CANCELLED, daily_metrics.ORDERS_PLACED),
        serves=(uses.CHURN, uses.RESPONSE),
    ),
    *_PAYMENT_SHARES,
    Feature(
        DISTINCT_PRODUCTS,
        T.LongType(),
        "Different products in completed transactions so far.",
        required=True,
        unit="products",
        minimum=0,
        grows_with_time=True,
        made_from=(f"customer_products.{entities.PRODUCT_ID}",),
        expression=f"coalesce({DISTINCT_PRODUCTS}, 0)",
        serves=(uses.RECOMMENDATIONS,),
    ),
    Feature(
        BASKET_SIZE,
        T.DoubleType(),
        "Completed pieces / completed orders, so far.",
        required=True,
        unit="pieces per order",
        minimum=0,
        made_from=daily(daily_metrics.PIECES, daily_metrics.ORDERS),
        expression=sql.ratio(daily_metrics.PIECES, daily_metrics.ORDERS),
        serves=(uses.VALUE, uses.RECOMMENDATIONS),
    ),
    Feature(
        PURCHASE_GAP_MEAN_DAYS,
        T.DoubleType(),
        "Mean of the gaps between consecutive days with a completed order.",
        null_means="fewer than two such days",
        unit="days",
        minimum=1,
        made_from=daily(daily_metrics.ORDERS),
        expression=sql.ratio(_SUM_OF_GAPS, _GAPS),
        serves=(uses.CHURN,),
    ),
    Feature(
        PURCHASE_GAP_STD_DAYS,
        T.DoubleType(),
        "Standard deviation of these gaps, with n - 1 in the denominator.",
        null_means="fewer than three such days",
        unit="days",
        minimum=0,
        made_from=daily(daily_metrics.ORDERS),
        expression=f"sqrt({_GAP_VARIANCE})",
        serves=(uses.CHURN,),
    ),
    Feature(
        entities.LOCATION,
        T.StringType(),
        "Location of the customer that was valid on the last day with a transaction of any "
        "status; of several on that day the one with most transactions, then the first by name.",
        null_means="not known then",
        made_from=(f"customer_places.{entities.LOCATION}",),
        expression=entities.LOCATION,
        serves=(uses.VALUE,),
    ),
    Feature(
        entities.CUSTOMER_SEGMENT,
        T.StringType(),
        "The shop's own segment of the customer, as known then, on that day, chosen the same way.",
        null_means="not known then",
        made_from=(f"customer_places.{entities.CUSTOMER_SEGMENT}",),
        expression=entities.CUSTOMER_SEGMENT,
        serves=(uses.VALUE,),
    ),
)
"""Columns of ``gold/customer_features``, after those of ``refund_features``."""
