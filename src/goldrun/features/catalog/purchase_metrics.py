"""Daily metrics of transactions and orders.

Their expressions aggregate the rows that ``purchases_by_day`` makes. A row stands for one
transaction on its day, with ``is_completed``, ``paid`` (its amount if it is completed),
``MONEY`` and ``READ_AS_STORED``, or for one order on a day, with 1 or 0 in each metric of
``ORDERS_COUNTED_IF``. Columns of the other kind are null.

Money by status and sign of the amount:

============================  ===========  ============  =============
status                        ``spend``    ``refunds``   ``net_spend``
============================  ===========  ============  =============
completed                     + amount     -             + amount
refunded, positive amount     -            + amount      -
refunded, negative amount     -            - amount      + amount
cancelled, negative amount    -            - amount      + amount
cancelled, positive amount    -            -             -
pending, failed               -            -             -
============================  ===========  ============  =============

So ``net_spend`` + ``refunds`` is all money that was ever paid. A refunded transaction with a
positive amount is the payment itself, whose status changed: it is no spend any more, so that
taking it off would count the refund twice.
"""

from goldrun.contracts import entities
from goldrun.features.catalog import daily_metrics
from goldrun.features.catalog.daily_metrics import count, money, quantity

IS_COMPLETED = "is_completed"
PAID = "paid"
READ_AS_STORED = (entities.QUANTITY, entities.PAYMENT_METHOD)
"""Further columns of ``silver/transactions`` that the expressions read."""
COMPLETED_IF = f"{entities.TRANSACTION_STATUS} = '{entities.COMPLETED}'"
_IS_CANCELLED = f"{entities.TRANSACTION_STATUS} = '{entities.CANCELLED}'"
_IS_REFUNDED = f"{entities.TRANSACTION_STATUS} = '{entities.REFUNDED}'"
_PAID_BACK_IF = f"({_IS_REFUNDED} OR {_IS_CANCELLED}) AND {entities.AMOUNT} < 0"
REFUNDED_IF = f"({_IS_REFUNDED} OR {_PAID_BACK_IF})"
"""Condition of a transaction that is a refund, or a payment that was refunded."""
MONEY = {
    daily_metrics.REFUNDS: f"CASE WHEN {REFUNDED_IF} THEN abs({entities.AMOUNT}) END",
    daily_metrics.NET_SPEND: (
        f"CASE WHEN {COMPLETED_IF} OR {_PAID_BACK_IF} THEN {entities.AMOUNT} END"
    ),
}
"""What a transaction adds to a metric of money, as SQL over its columns; null: nothing."""
ORDERS_COUNTED_IF = {
    daily_metrics.ORDERS_PLACED: "true",
    daily_metrics.ORDERS: COMPLETED_IF,
    daily_metrics.ORDERS_CANCELLED: _IS_CANCELLED,
    daily_metrics.ORDERS_REFUNDED: REFUNDED_IF,
}
"""Metrics that count orders, each with a condition: an order counts on the day of its first
transaction that meets it."""

TRANSACTION_TIME = f"transactions.{entities.TRANSACTION_DATE}"
STATUS = f"transactions.{entities.TRANSACTION_STATUS}"
_ORDER = (f"transactions.{entities.ORDER_ID}", STATUS, TRANSACTION_TIME)
_AMOUNT = (f"transactions.{entities.AMOUNT}", STATUS, TRANSACTION_TIME)

METRICS = (
    count(
        daily_metrics.ORDERS,
        f"sum({daily_metrics.ORDERS})",
        "Completed orders, each counted once, on the day of its first completed transaction.",
        "orders",
        *_ORDER,
    ),
    money(daily_metrics.SPEND, f"sum({PAID})", "Completed amounts.", *_AMOUNT),
    count(
        daily_metrics.LINES,
        f"count_if({IS_COMPLETED})",
        "Completed transactions.",
        "transactions",
        STATUS,
        TRANSACTION_TIME,
    ),
    quantity(
        daily_metrics.PIECES,
        f"sum(CASE WHEN {IS_COMPLETED} THEN "
        f"CAST({entities.QUANTITY} AS {entities.PIECES.simpleString()}) END)",
        "Completed pieces.",
        f"transactions.{entities.QUANTITY}",
        STATUS,
        TRANSACTION_TIME,
    ),
    count(
        daily_metrics.ORDERS_PLACED,
        f"sum({daily_metrics.ORDERS_PLACED})",
        "Orders of any status, each on the day of its first transaction.",
        "orders",
        *_ORDER,
    ),
    count(
        daily_metrics.ORDERS_CANCELLED,
        f"sum({daily_metrics.ORDERS_CANCELLED})",
        "Orders with a cancelled transaction, each on the day of the first one.",
        "orders",
        *_ORDER,
    ),
    count(
        daily_metrics.ORDERS_REFUNDED,
        f"sum({daily_metrics.ORDERS_REFUNDED})",
        "Orders with a refund or a refunded transaction, each on the day of the first one.",
        "orders",
        f"transactions.{entities.AMOUNT}",
        *_ORDER,
    ),
    money(
        daily_metrics.REFUNDS,
        f"sum({daily_metrics.REFUNDS})",
        "Money paid back: negative amounts of cancelled or refunded transactions, without their "
        "sign, and positive amounts of refunded transactions.",
        *_AMOUNT,
    ),
    money(
        daily_metrics.NET_SPEND,
        f"sum({daily_metrics.NET_SPEND})",
        "Completed amounts less the negative amounts of cancelled or refunded transactions; "
        "negative where more was paid back than paid.",
        *_AMOUNT,
    ),
    count(
        daily_metrics.TRANSACTIONS,
        f"count({IS_COMPLETED})",
        "Transactions of any status.",
        "transactions",
        TRANSACTION_TIME,
    ),
    *(
        money(
            daily_metrics.spend_by(method),
            f"sum(CASE WHEN {entities.PAYMENT_METHOD} = '{method}' THEN {PAID} END)",
            f"Completed amounts paid by {method}.",
            f"transactions.{entities.PAYMENT_METHOD}",
            *_AMOUNT,
        )
        for method in entities.PAYMENT_METHODS
    ),
)
"""Entries, in the order of the table's columns."""

TRANSACTION_COLUMNS = sorted(
    {entities.CUSTOMER_ID, entities.TRANSACTION_ID, entities.PRODUCT_ID}
    | {source.removeprefix("transactions.") for metric in METRICS for source in metric.made_from}
)
"""Columns of ``silver/transactions`` that activity is made from; no others are read."""
