"""Contracts of customers and transactions in silver."""

from pyspark.sql import types as T

from goldrun.contracts.synonyms import PAYMENT_SYNONYMS, STATUS_SYNONYMS
from goldrun.contracts.table import Column, Reference, Rule, Severity, Standard, Table

MONEY = T.DecimalType(18, 4)
PIECES = T.DecimalType(18, 4)

CUSTOMER_ID = "customer_id"
TRANSACTION_ID = "transaction_id"
ORDER_ID = "order_id"
PRODUCT_ID = "product_id"
QUANTITY = "quantity"
PRICE = "price"
AMOUNT = "amount"
CURRENCY = "currency"
PAYMENT_METHOD = "payment_method"
TRANSACTION_DATE = "transaction_date"
TRANSACTION_STATUS = "transaction_status"
UPDATED_AT = "updated_at"
NAME = "name"
EMAIL = "email"
PHONE = "phone"
REGISTRATION_DATE = "registration_date"
LOCATION = "location"
CUSTOMER_SEGMENT = "customer_segment"

COMPLETED = "completed"
CANCELLED = "cancelled"
REFUNDED = "refunded"
STATUSES = (COMPLETED, "pending", CANCELLED, REFUNDED, "failed")
PAYMENT_METHODS = ("card", "wallet", "bank_transfer", "invoice", "cash", "voucher", "other")

CUSTOMER_UNKNOWN = Reference(
    "customer_unknown",
    CUSTOMER_ID,
    "customers",
    Severity.REJECT,
    "the customer is unknown; a replay accepts the record once the customer is ingested",
)
"""Reference of every table whose rows belong to a customer."""


def not_in_future(column: str) -> Rule:
    """Return the rule that a time is at most one day after the ingestion of the record."""
    return Rule(
        f"{column}_in_future",
        f"{column} <= ingested_at + interval 1 day",
        Severity.REJECT,
        "a time in the future would change the recency of all customers",
    )


def not_long_ago(column: str) -> Rule:
    """Return the rule that a time is not a default such as the year 1, 1900 or 1970."""
    return Rule(
        f"{column}_long_ago",
        f"{column} >= timestamp'1971-01-01T00:00:00Z'",
        Severity.REJECT,
        "a default for a missing time; it would change the start of the shop's history",
    )


_GIVES_BACK = f"transaction_status in ('{CANCELLED}', '{REFUNDED}')"
"""Statuses of the transactions that may give pieces or money back."""


def _in_range(column: str) -> Rule:
    return Rule(
        f"{column}_out_of_range",
        f"{column} between -1e11bd and 1e11bd",
        Severity.REJECT,
        "more than a transaction can be worth; sums and averages would overflow",
    )


TRANSACTIONS = Table(
    name="silver/transactions",
    grain="one transaction (one item of an order), in its newest version",
    key=(TRANSACTION_ID,),
    versioned_by=UPDATED_AT,
    clustered_by=(TRANSACTION_DATE,),
    columns=(
        Column(TRANSACTION_ID, T.StringType(), "Id of the transaction.", required=True),
        Column(
            ORDER_ID,
            T.StringType(),
            "Order that the transaction belongs to.",
            required=True,
            default=TRANSACTION_ID,
        ),
        Column(CUSTOMER_ID, T.StringType(), "Customer.", required=True, is_customer_id=True),
        Column(PRODUCT_ID, T.StringType(), "Product.", null_means="not recorded"),
        Column(
            QUANTITY,
            PIECES,
            "Number of pieces, or a weight; may be 0 or negative if cancelled or refunded.",
            required=True,
            unit="pieces",
        ),
        Column(
            PRICE,
            MONEY,
            "Price of one piece; 0 for a free item.",
            null_means="not recorded",
            unit="currency",
        ),
        Column(
            AMOUNT,
            MONEY,
            "Money paid for the transaction; negative if it is money paid back, which only a "
            "cancelled or refunded transaction has. A positive amount of a refunded transaction is "
            "a payment that was paid back in full.",
            required=True,
            unit="currency",
        ),
        Column(
            CURRENCY,
            T.StringType(),
            "ISO 4217 code of price and amount.",
            null_means="the shop declares none and has only one",
            standard=Standard.CURRENCY,
            never_emptied=True,
        ),
        Column(
            PAYMENT_METHOD,
            T.StringType(),
            "Payment method.",
            null_means="not recorded",
            allowed=PAYMENT_METHODS,
            standard=Standard.CATEGORY,
            synonyms=PAYMENT_SYNONYMS,
        ),
        Column(TRANSACTION_DATE, T.TimestampType(), "Time of the purchase, UTC.", required=True),
        Column(
            TRANSACTION_STATUS,
            T.StringType(),
            "Status of the transaction.",
            required=True,
            allowed=STATUSES,
            standard=Standard.CATEGORY,
            synonyms=STATUS_SYNONYMS,
        ),
        Column(
            UPDATED_AT,
            T.TimestampType(),
            "Time of this version of the transaction, UTC.",
            required=True,
            default=TRANSACTION_DATE,
        ),
    ),
    rules=(
        Rule("price_negative", "price >= 0", Severity.REJECT, "a price can't be negative"),
        Rule(
            "price_not_positive",
            "price > 0",
            Severity.WARN,
            "a free item; in some shops a correction of the stock, which they reject",
        ),
        _in_range(PRICE),
        _in_range(AMOUNT),
        Rule(
            "quantity_not_positive",
            f"quantity > 0 or {_GIVES_BACK}",
            Severity.REJECT,
            "only a cancelled or refunded transaction may have a quantity of 0 or less",
        ),
        Rule(
            "amount_negative",
            f"amount >= 0 or {_GIVES_BACK}",
            Severity.REJECT,
            "only a cancelled or refunded transaction may have a negative amount",
        ),
        not_in_future(TRANSACTION_DATE),
        not_long_ago(TRANSACTION_DATE),
        not_in_future(UPDATED_AT),
        Rule(
            "quantity_extreme",
            "quantity between -9999 and 9999",
            Severity.WARN,
            "probably a typing error, which is often cancelled soon afterwards",
        ),
        Rule(
            "updated_before_bought",
            f"{UPDATED_AT} >= {TRANSACTION_DATE}",
            Severity.WARN,
            "a version can't be older than the purchase",
        ),
    ),
    references=(CUSTOMER_UNKNOWN,),
)

CUSTOMERS = Table(
    name="silver/customers",
    grain="one customer, in its newest version",
    key=(CUSTOMER_ID,),
    versioned_by=UPDATED_AT,
    clustered_by=(CUSTOMER_ID,),
    columns=(
        Column(
            CUSTOMER_ID,
            T.StringType(),
            "Id of the customer.",
            required=True,
            is_customer_id=True,
        ),
        Column(NAME, T.StringType(), "Full name.", null_means="not given", personal=True),
        Column(
            EMAIL,
            T.StringType(),
            "E-mail address.",
            null_means="not given",
            standard=Standard.EMAIL,
            personal=True,
        ),
        Column(
            PHONE,
            T.StringType(),
            "Telephone number.",
            null_means="not given",
            standard=Standard.PHONE,
            personal=True,
        ),
        Column(
            REGISTRATION_DATE,
            T.TimestampType(),
            "Time of the registration, UTC.",
            null_means="not recorded",
        ),
        Column(LOCATION, T.StringType(), "Country or place.", null_means="not recorded"),
        Column(
            CUSTOMER_SEGMENT,
            T.StringType(),
            "Segment that the shop itself assigns.",
            null_means="the shop assigns none",
            standard=Standard.CATEGORY,
        ),
        Column(
            UPDATED_AT,
            T.TimestampType(),
            "Time of this version of the customer, UTC; defaults to the registration, then to the "
            "time of ingestion.",
            required=True,
            default="coalesce(registration_date, ingested_at)",
        ),
    ),
    rules=(not_in_future(REGISTRATION_DATE), not_in_future(UPDATED_AT)),
)
