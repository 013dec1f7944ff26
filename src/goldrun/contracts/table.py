"""The parts of a contract: column, rule, reference, table."""

from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import types as T


class Severity(StrEnum):
    """What a broken rule does to its row."""

    REJECT = "reject"
    """The row goes to quarantine with the rule's name as a reason."""
    WARN = "warn"
    """The row stays in silver and is counted."""


class Standard(StrEnum):
    """The form that silver brings text into."""

    EMAIL = "email"
    """A valid address in lower case, Unicode normalised."""
    PHONE = "phone"
    """E.164: plus sign, country code, number, no spaces."""
    CURRENCY = "currency"
    """A code of ISO 4217 (``currencies``), in capitals."""
    CATEGORY = "category"
    """Lower case with ``_`` between words; known synonyms replaced."""


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Attributes:
        name: Column name; unique in its table.
        type: Spark type it is stored as.
        description: What a value is, in one sentence.
        required: Null policy. True: a row without a value is rejected (``<name>_missing``), as is
            one with a value that is not of the column. Otherwise such a value is emptied, and its
            row accepted with a warning.
        null_means: What null stands for if it is allowed.
        unit: Unit of a number (``days``, ``seconds``, ``currency``, ``orders``).
        minimum: Smallest value that makes sense, inclusive; checked on gold tables.
        maximum: Largest value that makes sense, inclusive; checked on gold tables.
        default: SQL expression over the table's columns, used when a source does not map it.
        allowed: The only values a string may have; others are ``<name>_not_allowed``.
        standard: Form that text is brought into; text that has none is ``<name>_unparsed``.
        synonyms: Other spellings of a category, each with its canonical one.
        personal: Whether the value identifies a person.
        is_customer_id: Whether the value is the id of a customer, by which a person is erased.
        never_emptied: Whether a value that is not of an optional column rejects its row, because an
            empty one would mean something else.
        made_from: Of a computed column, the columns it comes from, as ``table.column``.
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
    standard: Standard | None = None
    synonyms: tuple[tuple[str, str], ...] = ()
    personal: bool = False
    is_customer_id: bool = False
    never_emptied: bool = False
    made_from: tuple[str, ...] = ()


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
class Reference:
    """A foreign key: each value must be the key of a row of another entity, or null.

    Attributes:
        name: Reason given when it is not; reads as what is wrong (``customer_unknown``).
        column: Column of this table.
        entity: Entity whose key the column holds.
        severity: What happens to a row that points to nothing.
        description: Why it matters.
    """

    name: str
    column: str
    entity: str
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
        references: Foreign keys.
        versioned_by: Column whose newest value wins when a key is ingested again with other
            content; the older versions go to ``<name>_history``. Of equal values, or if a
            source maps none, the last one ingested wins. Empty for other tables.
        immutable_since: Of an entity that never changes, the column with the time of the record:
            when a key is ingested again with other content the earliest is kept, and the others
            are quarantined as ``key_conflict``. Empty for other tables.
        clustered_by: Columns the files are clustered by.
        z_ordered_by: Columns OPTIMIZE z-orders by, for tables that are not clustered.
        rejects: Names of warnings that reject their rows, as a source has declared.
        change_feed: Whether Delta records the changed rows of each commit (change data feed).
        append_only: Whether Delta refuses to change or delete rows.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    references: tuple[Reference, ...] = ()
    versioned_by: str = ""
    immutable_since: str = ""
    clustered_by: tuple[str, ...] = ()
    z_ordered_by: tuple[str, ...] = ()
    rejects: tuple[str, ...] = ()
    change_feed: bool = False
    append_only: bool = False

    def rules_of(self, severity: Severity) -> tuple[Rule, ...]:
        """Return the rules of a severity; a warning in ``rejects`` has that of a rejection."""
        return tuple(rule for rule in self.rules if self._severity(rule) is severity)

    def _severity(self, rule: Rule) -> Severity:
        return Severity.REJECT if rule.name in self.rejects else rule.severity

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in stored order."""
        return tuple(column.name for column in self.columns)

    @property
    def key_is_personal(self) -> bool:
        """Whether the key identifies a person.

        Such keys are written to no log: neither Delta's transaction log nor the application's.
        """
        return any(column.is_customer_id for column in self.columns if column.name in self.key)

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
