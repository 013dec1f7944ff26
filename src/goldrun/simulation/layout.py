"""The files of a simulated marketplace: where each entity is, how the shop calls its columns."""

from dataclasses import dataclass, replace
from typing import Literal

from pyspark.sql import types as T

from goldrun.contracts import behaviour as B
from goldrun.contracts import entities as E
from goldrun.contracts import lineage as L
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Column, Table

TRACE = "trace"
"""First column of every file: empty, or the mark of a planted record. No mapping reads it."""

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
        Column(L.ENTITY, T.StringType(), "Entity whose files have it.", required=True),
        Column(TRACE, T.StringType(), "Its mark.", required=True),
        Column(KIND, T.StringType(), "Kind of dirt.", required=True),
        Column(FATE, T.StringType(), "quarantined or duplicate.", required=True),
        Column(L.REASONS, T.ArrayType(T.StringType()), "What it breaks, sorted.", required=True),
        Column(KEY, T.StringType(), "Its key.", null_means="the record has none to be read"),
    ),
)

PEOPLE = Table(
    name="truth/people",
    grain="one customer",
    key=(E.CUSTOMER_ID,),
    columns=(
        Column(E.CUSTOMER_ID, T.StringType(), "Who.", required=True),
        Column(REGISTERED_AT, T.TimestampType(), "When the process began, UTC.", required=True),
        Column(
            PURCHASE_RATE,
            T.DoubleType(),
            "lambda: orders in a season of factor 1, without drift.",
            required=True,
            unit="orders a day",
        ),
        Column(DROPOUT_RATE, T.DoubleType(), "mu, without drift.", required=True, unit="1 a day"),
        Column(
            ALIVE_UNTIL, T.TimestampType(), "Dropout, UTC.", null_means="not before the last day"
        ),
        Column(CHURNED, T.BooleanType(), "Dropped out before the last day.", required=True),
        Column(VISIT_INTEREST, T.DoubleType(), "Covariate of both rates.", required=True),
        Column(TROUBLE, T.DoubleType(), "Covariate of both rates.", required=True),
    ),
)


def history_of(table: Table) -> Table:
    """Contract of an entity's superseded versions, without lineage."""
    return replace(
        table,
        name=f"{table.name}_history",
        columns=(
            *table.columns,
            Column(L.VALID_FROM, T.TimestampType(), "Start of validity, UTC.", required=True),
            Column(L.VALID_TO, T.TimestampType(), "End of validity, UTC.", required=True),
        ),
    )


@dataclass(frozen=True)
class Layout:
    """How one entity is written.

    Attributes:
        entity: Its name, which is also that of its folder.
        table: Its contract.
        format: CSV with a header line, or JSON with one object a line.
        suffix: End of its files' names; ``.gz`` is compressed.
        columns: Contract column to the shop's name, in the order of the file. What a contract
            fills in by itself need not be there.
        bare: The shop's columns whose text is written into JSON as it is: numbers.
        parts: Files that the rows of one chunk are spread over. Versions of a key need two, so
            that an older one is as likely read after a newer one.
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
        """Names in the file, the trace first."""
        return (TRACE, *self.columns.values())

    @property
    def required(self) -> tuple[str, ...]:
        """The shop's names of the columns without which a record is refused."""
        must = {c.name for c in self.table.columns if c.required and c.default is None}
        return tuple(name for column, name in self.columns.items() if column in must)

    @property
    def key(self) -> str:
        """The shop's name of the entity's key."""
        return self.columns[self.table.key[0]]


_CUSTOMERS = Layout(
    entity="customers",
    table=ENTITIES["customers"],
    format="csv",
    suffix=".csv",
    columns={
        E.CUSTOMER_ID: "customer_no",
        E.NAME: "full_name",
        E.EMAIL: "mail",
        E.PHONE: "telephone",
        E.REGISTRATION_DATE: "registered",
        E.UPDATED_AT: "changed",
        E.LOCATION: "city",
        E.CUSTOMER_SEGMENT: "segment",
    },
    parts=2,
)
_TRANSACTIONS = Layout(
    entity="transactions",
    table=ENTITIES["transactions"],
    format="csv",
    suffix=".csv.gz",
    columns={
        E.TRANSACTION_ID: "line_id",
        E.ORDER_ID: "order_no",
        E.CUSTOMER_ID: "customer_no",
        E.TRANSACTION_DATE: "bought",
        E.UPDATED_AT: "changed",
        E.TRANSACTION_STATUS: "state",
        E.QUANTITY: "pieces",
        E.PRICE: "unit_price",
        E.AMOUNT: "paid",
        E.CURRENCY: "currency",
        E.PAYMENT_METHOD: "paid_by",
        E.PRODUCT_ID: "sku",
    },
    parts=2,
)
_SESSIONS = Layout(
    entity="sessions",
    table=ENTITIES["sessions"],
    format="csv",
    suffix=".csv",
    columns={
        B.SESSION_ID: "visit_id",
        E.CUSTOMER_ID: "customer_no",
        B.SESSION_START: "began",
        B.SESSION_END: "ended",
        B.SESSION_DURATION: "seconds",
        B.DEVICE_TYPE: "device",
    },
)
_EVENTS = Layout(
    entity="events",
    table=ENTITIES["events"],
    format="json",
    suffix=".json.gz",
    columns={
        B.EVENT_ID: "id",
        E.CUSTOMER_ID: "customer",
        B.SESSION_ID: "visit",
        E.PRODUCT_ID: "sku",
        B.EVENT_TYPE: "what",
        B.EVENT_TIMESTAMP: "at",
    },
)
_INTERACTIONS = Layout(
    entity="interactions",
    table=ENTITIES["interactions"],
    format="json",
    suffix=".json",
    columns={
        B.INTERACTION_ID: "ticket",
        E.CUSTOMER_ID: "customer",
        B.INTERACTION_DATE: "opened",
        B.INTERACTION_TYPE: "channel",
        B.RESPONSE_TIME: "answered_after",
        B.INTERACTION_OUTCOME: "outcome",
    },
    bare=("answered_after",),
)

LAYOUTS = {
    layout.entity: layout
    for layout in (_CUSTOMERS, _SESSIONS, _TRANSACTIONS, _EVENTS, _INTERACTIONS)
}
"""Layout by entity."""
