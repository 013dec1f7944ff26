"""What a customer's transactions say as of a date: names, and the contract of each feature.

"Before" always means before the midnight ``as_of`` in the source's time zone; a window of n days is
[as_of - n days, as_of).
"""

from pyspark.sql import types as T

from goldrun.contracts import activity_tables, entities, uses, window_features
from goldrun.contracts.table import Column

PURCHASE_FREQUENCY = "purchase_frequency"
TOTAL_SPEND = "total_spend"
AVG_TRANSACTION_VALUE = "avg_transaction_value"
AVERAGE_PURCHASE_VALUE = "average_purchase_value"
LAST_PURCHASE_DATE = "last_purchase_date"
RECENCY_DAYS = "recency_days"
TENURE_DAYS = "tenure_days"
DAYS_SINCE_LAST_TRANSACTION = "days_since_last_transaction"
CANCELLATION_RATE = "cancellation_rate"
SPEND_TREND = "spend_trend"
DISTINCT_PRODUCTS = "distinct_products"
BASKET_SIZE = "basket_size"
PURCHASE_GAP_MEAN_DAYS = "purchase_gap_mean_days"
PURCHASE_GAP_STD_DAYS = "purchase_gap_std_days"
TREND_DAYS = 30
"""Length of each of the two windows that ``spend_trend`` compares, in days."""
AVERAGE = T.DecimalType(18, 4)


def payment_share(method: str) -> str:
    """Name of the feature that gives a payment method's share of spend."""
    return f"payment_share_{method}"


_PAYMENT_SHARES = tuple(
    Column(
        payment_share(method),
        T.DoubleType(),
        f"Completed amounts paid by {method} / completed amounts with a known payment method.",
        null_means="no amount with a known payment method",
        unit="share",
        minimum=0,
        maximum=1,
        made_from=window_features.daily(
            *(activity_tables.spend_by(each) for each in entities.PAYMENT_METHODS)
        ),
        serves=(uses.VALUE,),
    )
    for method in entities.PAYMENT_METHODS
)

FEATURES = (
    Column(
        PURCHASE_FREQUENCY,
        T.LongType(),
        "Completed orders so far.",
        required=True,
        unit="orders",
        minimum=1,
        grows_with_time=True,
        made_from=window_features.daily(activity_tables.ORDERS),
        serves=(uses.VALUE, uses.CHURN),
    ),
    Column(
        TOTAL_SPEND,
        activity_tables.SUM,
        "Completed amounts so far.",
        required=True,
        unit="currency",
        minimum=0,
        grows_with_time=True,
        made_from=window_features.daily(activity_tables.SPEND),
        serves=(uses.VALUE, uses.CHURN),
    ),
    Column(
        AVG_TRANSACTION_VALUE,
        AVERAGE,
        f"{TOTAL_SPEND} / {PURCHASE_FREQUENCY}: what an order is worth.",
        required=True,
        unit="currency per order",
        minimum=0,
        made_from=window_features.daily(activity_tables.SPEND, activity_tables.ORDERS),
        serves=(uses.VALUE, uses.CHURN),
    ),
    Column(
        AVERAGE_PURCHASE_VALUE,
        AVERAGE,
        f"{TOTAL_SPEND} / completed transactions: what one purchased product is worth.",
        required=True,
        unit="currency per transaction",
        minimum=0,
        made_from=window_features.daily(activity_tables.SPEND, activity_tables.LINES),
        serves=(uses.VALUE, uses.RECOMMENDATIONS),
    ),
    Column(
        LAST_PURCHASE_DATE,
        T.DateType(),
        "Day of the last completed order.",
        required=True,
        made_from=window_features.daily(activity_tables.ORDERS),
        serves=(uses.CHURN,),
    ),
    Column(
        RECENCY_DAYS,
        T.IntegerType(),
        f"as_of - {LAST_PURCHASE_DATE}.",
        required=True,
        unit="days",
        minimum=1,
        made_from=window_features.daily(activity_tables.ORDERS),
        serves=(uses.CHURN,),
    ),
    Column(
        TENURE_DAYS,
        T.IntegerType(),
        "as_of - day of the first completed order.",
        required=True,
        unit="days",
        minimum=1,
        grows_with_time=True,
        made_from=window_features.daily(activity_tables.ORDERS),
        serves=(uses.VALUE, uses.CHURN),
    ),
    Column(
        DAYS_SINCE_LAST_TRANSACTION,
        T.IntegerType(),
        "as_of - day of the last transaction of any status.",
        required=True,
        unit="days",
        minimum=1,
        made_from=window_features.daily(activity_tables.TRANSACTIONS),
        serves=(uses.CHURN,),
    ),
    *window_features.COUNTS,
    *window_features.SUMS,
    *window_features.SHARES,
    Column(
        SPEND_TREND,
        T.DoubleType(),
        f"Spend of the {TREND_DAYS} days before as_of / spend of the {2 * TREND_DAYS} days before "
        "it: 0.5 is steady, 1 all new, 0 all gone.",
        null_means=f"the history is shorter than {2 * TREND_DAYS} days, or no spend in them",
        unit="share",
        minimum=0,
        maximum=1,
        made_from=window_features.daily(activity_tables.SPEND),
        serves=(uses.VALUE, uses.CHURN),
    ),
    Column(
        CANCELLATION_RATE,
        T.DoubleType(),
        "Orders with a cancelled transaction / orders of any status, so far.",
        required=True,
        unit="share",
        minimum=0,
        maximum=1,
        made_from=window_features.daily(
            activity_tables.ORDERS_CANCELLED, activity_tables.ORDERS_PLACED
        ),
        serves=(uses.CHURN, uses.RESPONSE),
    ),
    *_PAYMENT_SHARES,
    Column(
        DISTINCT_PRODUCTS,
        T.LongType(),
        "Different products in completed transactions so far.",
        required=True,
        unit="products",
        minimum=0,
        grows_with_time=True,
        made_from=(f"customer_products.{entities.PRODUCT_ID}",),
        serves=(uses.RECOMMENDATIONS,),
    ),
    Column(
        BASKET_SIZE,
        T.DoubleType(),
        "Completed pieces / completed orders, so far.",
        required=True,
        unit="pieces per order",
        minimum=0,
        made_from=window_features.daily(activity_tables.PIECES, activity_tables.ORDERS),
        serves=(uses.VALUE, uses.RECOMMENDATIONS),
    ),
    Column(
        PURCHASE_GAP_MEAN_DAYS,
        T.DoubleType(),
        "Mean of the gaps between consecutive days with a completed order.",
        null_means="fewer than two such days",
        unit="days",
        minimum=1,
        made_from=window_features.daily(activity_tables.ORDERS),
        serves=(uses.CHURN,),
    ),
    Column(
        PURCHASE_GAP_STD_DAYS,
        T.DoubleType(),
        "Standard deviation of these gaps, with n - 1 in the denominator.",
        null_means="fewer than three such days",
        unit="days",
        minimum=0,
        made_from=window_features.daily(activity_tables.ORDERS),
        serves=(uses.CHURN,),
    ),
    Column(
        entities.LOCATION,
        T.StringType(),
        "Location of the customer that was valid on the last day with a transaction of any "
        "status; of several on that day the one with most transactions, then the first by name.",
        null_means="not known then",
        made_from=(f"customer_places.{entities.LOCATION}",),
        serves=(uses.VALUE,),
    ),
    Column(
        entities.CUSTOMER_SEGMENT,
        T.StringType(),
        "The shop's own segment of the customer, as known then, on that day, chosen the same way.",
        null_means="not known then",
        made_from=(f"customer_places.{entities.CUSTOMER_SEGMENT}",),
        serves=(uses.VALUE,),
    ),
)
"""Columns of ``gold/customer_features`` after its key, first part."""
