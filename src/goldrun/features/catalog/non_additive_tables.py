"""Contracts of the daily tables behind features that are no sums over days."""

from pyspark.sql import types as T

from goldrun.contracts import behaviour, entities
from goldrun.contracts.table import Column, Table
from goldrun.features.catalog import daily_metrics, interaction_metrics, purchase_metrics
from goldrun.features.catalog.daily_metrics import DAY

_CUSTOMER, _DAY = daily_metrics.KEY_COLUMNS
_PRODUCT = f"transactions.{entities.PRODUCT_ID}"
_STATUS, _TIME = purchase_metrics.STATUS, purchase_metrics.TRANSACTION_TIME


def _valid_then(name: str) -> tuple[str, ...]:
    """Columns behind an attribute of the customer that is valid at the time of a transaction."""
    return f"customers.{name}", f"customers.{entities.UPDATED_AT}", _TIME


CUSTOMER_PRODUCTS = Table(
    name="gold/customer_products",
    grain="one product that a customer bought on one day, as known from a day on",
    key=(entities.CUSTOMER_ID, DAY, daily_metrics.KNOWN_FROM, entities.PRODUCT_ID),
    clustered_by=(DAY,),
    columns=(
        _CUSTOMER,
        _DAY,
        daily_metrics.KNOWN_FROM_COLUMN,
        Column(
            entities.PRODUCT_ID,
            T.StringType(),
            "Product of the transactions.",
            required=True,
            made_from=(_PRODUCT, _STATUS, _TIME),
        ),
        daily_metrics.count(
            daily_metrics.LINES,
            "count(*)",
            "Completed transactions of it.",
            "transactions",
            _PRODUCT,
            _STATUS,
            _TIME,
        ),
    ),
)

CUSTOMER_RESPONSES = Table(
    name="gold/customer_responses",
    grain="one response time that a customer's interactions had on one day",
    key=(entities.CUSTOMER_ID, DAY, behaviour.RESPONSE_TIME),
    clustered_by=(DAY,),
    columns=(
        _CUSTOMER,
        _DAY,
        Column(
            behaviour.RESPONSE_TIME,
            behaviour.SECONDS,
            "Time until the shop first answered.",
            required=True,
            unit="seconds",
            minimum=0,
            made_from=(interaction_metrics.RESPONSE_SOURCE, interaction_metrics.INTERACTION_SOURCE),
        ),
        daily_metrics.count(
            daily_metrics.RESPONSES,
            "count(*)",
            "Interactions that took that long.",
            "interactions",
            interaction_metrics.RESPONSE_SOURCE,
        ),
    ),
)

CUSTOMER_PLACES = Table(
    name="gold/customer_places",
    grain="one place and segment that a customer was in on one day with a transaction, as known "
    "from a day on",
    key=(
        entities.CUSTOMER_ID,
        DAY,
        daily_metrics.KNOWN_FROM,
        entities.LOCATION,
        entities.CUSTOMER_SEGMENT,
    ),
    clustered_by=(DAY,),
    columns=(
        _CUSTOMER,
        _DAY,
        daily_metrics.KNOWN_FROM_COLUMN,
        Column(
            entities.LOCATION,
            T.StringType(),
            "customers.location then; empty: unknown.",
            required=True,
            made_from=_valid_then(entities.LOCATION),
        ),
        Column(
            entities.CUSTOMER_SEGMENT,
            T.StringType(),
            "customers.customer_segment then; empty: unknown.",
            required=True,
            made_from=_valid_then(entities.CUSTOMER_SEGMENT),
        ),
        daily_metrics.count(
            daily_metrics.TRANSACTIONS,
            "count(*)",
            "Transactions of any status.",
            "transactions",
            _TIME,
        ),
    ),
)
