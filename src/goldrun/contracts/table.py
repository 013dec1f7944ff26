"""The words contracts are written in: column, rule, table."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import types as T


class Severity(StrEnum):
    """What a broken rule does to its row."""

    REJECT = "reject"
    """The row goes to quarantine with the rule's name as a reason."""
    WARN = "warn"
    """The row stays in silver and is counted."""


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Attributes:
        name: Column name; unique in its table.
        type: Spark type it is stored as.
        description: What a value is, in one sentence.
        required: Null policy. True: a row without a value is rejected (``<name>_missing``).
        null_means: What null stands for where it is allowed.
        unit: Unit of a number (``days``, ``seconds``, ``currency``, ``orders``).
        minimum: Smallest value that makes sense, inclusive; checked on gold tables.
        maximum: Largest value that makes sense, inclusive; checked on gold tables.
        default: SQL expression over the table's columns, used when a source does not map it.
        allowed: The only values a string may have; others are rejected (``<name>_not_allowed``).
        personal: Whether the value identifies a person.
        grows_with_time: Whether the value rises as a shop's history grows, whoever the customer
            is; such a feature is shown by drift checks but not judged.
    """

    name: str
    type: T.DataType
    description: str
    required: bool = False
    null_means: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    default: str | None = None
    allowed: tuple[str, ...] = ()
    personal: bool = False
    grows_with_time: bool = False


@dataclass(frozen=True)
class Rule:
    """A promise about each row.

    Attributes:
        name: Reason given when it is broken; reads as what is wrong (``price_not_positive``).
        holds: SQL expression that is true for a good row. Null counts as holding: missing values
            are the null policy's business, so that one fault has one reason.
        severity: What happens to a row that breaks it.
        description: Why the rule is there.
    """

    name: str
    holds: str
    severity: Severity
    description: str


@dataclass(frozen=True)
class Table:
    """A table's contract.

    Attributes:
        name: ``layer/table``, which is also its path in the lake.
        grain: What one row is.
        columns: Columns in stored order.
        key: Columns that identify a row; unique in the table.
        rules: Row rules beyond the null policy and the allowed values.
        versioned_by: Column whose newest value wins when a key arrives with other content; the
            older versions go to ``<name>_history``. Empty for tables that goldrun computes.
        clustered_by: Columns the files are clustered by.
        z_ordered_by: Columns OPTIMIZE z-orders by, for tables that are not clustered.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    versioned_by: str = ""
    clustered_by: tuple[str, ...] = ()
    z_ordered_by: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in stored order."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> T.StructType:
        """Spark schema; a required column or a key column is not nullable."""
        return T.StructType(
            [
                T.StructField(c.name, c.type, not (c.required or c.name in self.key))
                for c in self.columns
            ]
        )

    def column(self, name: str) -> Column:
        """Return the column called ``name``; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}")

    def subset(self, names: Sequence[str]) -> tuple[Column, ...]:
        """Return the named columns, in the order asked for."""
        return tuple(self.column(name) for name in names)

    def reject_reasons(self) -> dict[str, str]:
        """Reasons that put a row of this entity into quarantine, each with its meaning.

        Besides the written rules these are what the null policy, the types and the allowed values
        imply.
        """
        reasons = {
            RECORD_MALFORMED: "the line does not have the fields that the header names",
            RECORD_UNDECODABLE: "the line has bytes that are not of the declared encoding",
        }
        for c in self.columns:
            if c.required:
                reasons[missing(c)] = f"{c.name} is empty"
            if not isinstance(c.type, T.StringType):
                reasons[unparsed(c)] = f"{c.name} is not a {c.type.simpleString()}"
            if isinstance(c.type, T.DecimalType):
                reasons[digits_lost(c)] = f"{c.name} has more decimals than {c.type.scale}"
            if isinstance(c.type, T.TimestampType):
                reasons[without_zone(c)] = f"{c.name} has no zone and the source declares none"
            if c.allowed:
                reasons[not_allowed(c)] = f"{c.name} is none of {', '.join(c.allowed)}"
        rejecting = (r for r in self.rules if r.severity is Severity.REJECT)
        return reasons | {r.name: r.description for r in rejecting}


RECORD_MALFORMED = "record_malformed"
RECORD_UNDECODABLE = "record_undecodable"


def missing(column: Column) -> str:
    """Reason for a required value that is not there."""
    return f"{column.name}_missing"


def unparsed(column: Column) -> str:
    """Reason for a value that is there but is not of the column's type."""
    return f"{column.name}_unparsed"


def digits_lost(column: Column) -> str:
    """Reason for a number that would lose decimals by being stored."""
    return f"{column.name}_digits_lost"


def without_zone(column: Column) -> str:
    """Reason for a local time whose zone nobody declared."""
    return f"{column.name}_without_zone"


def not_allowed(column: Column) -> str:
    """Reason for a category that the contract does not list."""
    return f"{column.name}_not_allowed"
