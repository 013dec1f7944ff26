"""Contract of exchange rates: value of other currencies in the shop's currency."""

from pyspark.sql import types as T

from goldrun.contracts.entities import CURRENCY
from goldrun.contracts.lineage import VALID_FROM
from goldrun.contracts.table import Column, Table

RATE = "rate"

RATES = Table(
    name="rates",
    grain="one currency from one day on, until its next rate",
    key=(CURRENCY, VALID_FROM),
    columns=(
        Column(CURRENCY, T.StringType(), "ISO 4217 code.", required=True),
        Column(
            VALID_FROM,
            T.DateType(),
            "First day it holds for, by the shop's calendar.",
            required=True,
        ),
        Column(
            RATE,
            T.DecimalType(18, 8),
            "Units of the shop's currency for one unit of this one.",
            required=True,
        ),
    ),
)
