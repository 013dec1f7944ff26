"""Layouts of the simulated files: format and the shop's column names, and the truth's tables."""

from dataclasses import dataclass, replace
from typing import Literal

from pyspark.sql import types as T

from goldrun.contracts import behaviour, entities, lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Column, Table

TRACE = "trace"
"""First column of each file: empty, or the mark of a planted record. No mapping reads it."""

KIND = "kind"
FATE = "fate"
KEY = "key"
QUARANTINED = "quarantined"
DUPLICATE = "duplicate"
REGISTERED_AT = "registered_at"
PURCHASE_RATE = "purchase_rate"
DROPOUT_RATE = "dropout_rate"
ALIVE_UNTIL = "alive_until"
CHURNED = "churned"
VISIT_INTEREST = "visit_interest"
TROUBLE = "trouble"

LEDGER = Table(
    name="truth/ledger",
    grain="one planted record",
    key=(TRACE,),
    columns=(
        Column(lineage.ENTITY, T.StringType(), "Entity of the record.", required=True),
        Column(TRACE, T.StringType(), "Mark of the record in its file.", required=True),
        Column(KIND, T.StringType(), "Kind of dirt.", required=True),
        Column(FATE, T.StringType(), "Expected fate: quarantined or duplicate.", required=True),
        Column(
            lineage.REASONS,
            T.ArrayType(T.StringType()),
            "Expected quarantine reasons, sorted.",
            required=True,
        ),
        Column(
            KEY, T.StringType(), "Key of the record.", null_means="the record has no readable key"
        ),
    ),
)

PEOPLE = Table(
    name="truth/people",
    grain="one customer",
    key=(entities.CUSTOMER_ID,),
    columns=(
        Column(entities.CUSTOMER_ID, T.StringType(), "Customer.", required=True),
        Column(REGISTERED_AT, T.TimestampType(), "Registration, UTC.", required=True),
        Column(
            PURCHASE_RATE,
            T.DoubleType(),
            "lambda: orders in a season of factor 1, without drift.",
            required=True,
            unit="orders a day",
        ),
        Column(DROPOUT_RATE, T.DoubleType(), "mu, without drift.", required=True, unit="1 a day"),
        Column(
            ALIVE_UNTIL,
            T.TimestampType(),
            "Dropout, UTC.",
            null_means="no dropout within the period",
        ),
        Column(
            CHURNED,
            T.BooleanType(),
            "Whether the customer dropped out within the period.",
            required=True,
        ),
        Column(VISIT_INTEREST, T.DoubleType(), "Covariate of both rates.", required=True),
        Column(TROUBLE, T.DoubleType(), "Covariate of both rates.", required=True),
    ),
)


def history_of(table: Table) -> Table:
    """Return the contract of an entity's superseded versions, without lineage columns."""
    return replace(
        table,
        name=f"{table.name}_history",
        columns=(
            *table.columns,
            Column(lineage.VALID_FROM, T.TimestampType(), "Start of validity, UTC.", required=True),
            Column(lineage.VALID_TO, T.TimestampType(), "End of validity, UTC.", required=True),
        ),
    )


@dataclass(frozen=True)
class Layout:
    """Layout of the files of one entity.

    Attributes:
        entity: Name of the entity and of its folder.
        table: Contract of the entity.
        format: CSV with a header line, or JSON with one object a line.
        suffix: Suffix of the file names; ``.gz`` is compressed.
        columns: Contract column to the shop's column name, in the order of the file; without
            columns that have a default.
        bare: The shop's columns that JSON has without quotes: numbers.
        parts: Number of files for the rows of one chunk. Two for versioned entities, so that half
            of the older versions are ingested after newer ones.
    """

    entity: str
    table: Table
    format: Literal["csv", "json"]
    suffix: str
    columns: dict[str, str]
    bare: tuple[str, ...] = ()
    parts: int = 1

    @property
    def header(self) -> tuple[str, ...]:
        """Column names of the file, ``TRACE`` first."""
        return (TRACE, *self.columns.values())

    @property
    def required(self) -> tuple[str, ...]:
        """The shop's names of the columns without which a record is rejected."""
        needed = {c.name for c in self.table.columns if c.required and c.default is None}
        return tuple(name for column, name in self.columns.items() if column in needed)

    @property
    def key(self) -> str:
        """The shop's name of the key column."""
        return self.columns[self.table.key[0]]


_CUSTOMERS = Layout(
    entity="customers",
    table=ENTITIES["customers"],
    format="csv",
    suffix=".csv",
    columns={
        entities.CUSTOMER_ID: "customer_no",
        entities.NAME: "full_name",
        entities.EMAIL: "mail",
        entities.PHONE: "telephone",
        entities.REGISTRATION_DATE: "registered",
        entities.UPDATED_AT: "changed",
        entities.LOCATION: "city",
        entities.CUSTOMER_SEGMENT: "segment",
    },
    parts=2,
)
_TRANSACTIONS = Layout(
    entity="transactions",
    table=ENTITIES["transactions"],
    format="csv",
    suffix=".csv.gz",
    columns={
        entities.TRANSACTION_ID: "line_id",
        entities.ORDER_ID: "order_no",
        entities.CUSTOMER_ID: "customer_no",
        entities.TRANSACTION_DATE: "bought",
        entities.UPDATED_AT: "changed",
        entities.TRANSACTION_STATUS: "state",
        entities.QUANTITY: "pieces",
        entities.PRICE: "unit_price",
        entities.AMOUNT: "paid",
        entities.CURRENCY: "currency",
        entities.PAYMENT_METHOD: "paid_by",
        entities.PRODUCT_ID: "sku",
    },
    parts=2,
)
_SESSIONS = Layout(
    entity="sessions",
    table=ENTITIES["sessions"],
    format="csv",
    suffix=".csv",
    columns={
        behaviour.SESSION_ID: "visit_id",
        entities.CUSTOMER_ID: "customer_no",
        behaviour.SESSION_START: "began",
        behaviour.SESSION_END: "ended",
        behaviour.SESSION_DURATION: "seconds",
        behaviour.DEVICE_TYPE: "device",
    },
)
_EVENTS = Layout(
    entity="events",
    table=ENTITIES["events"],
    format="json",
    suffix=".json.gz",
    columns={
        behaviour.EVENT_ID: "id",
        entities.CUSTOMER_ID: "customer",
        behaviour.SESSION_ID: "visit",
        entities.PRODUCT_ID: "sku",
        behaviour.EVENT_TYPE: "what",
        behaviour.EVENT_TIMESTAMP: "at",
    },
)
_INTERACTIONS = Layout(
    entity="interactions",
    table=ENTITIES["interactions"],
    format="json",
    suffix=".json",
    columns={
        behaviour.INTERACTION_ID: "ticket",
        entities.CUSTOMER_ID: "customer",
        behaviour.INTERACTION_DATE: "opened",
        behaviour.INTERACTION_TYPE: "channel",
        behaviour.RESPONSE_TIME: "answered_after",
        behaviour.INTERACTION_OUTCOME: "outcome",
    },
    bare=("answered_after",),
)

LAYOUTS = {
    layout.entity: layout
    for layout in (_CUSTOMERS, _SESSIONS, _TRANSACTIONS, _EVENTS, _INTERACTIONS)
}
"""Layout by entity."""
