"""Names of the reasons of a rejection and of a warning, and their descriptions."""

from pyspark.sql import types as T

from goldrun.contracts.table import Column, Severity, Standard, Table

RECORD_MALFORMED = "record_malformed"
RECORD_UNDECODABLE = "record_undecodable"
KEY_CONFLICT = "key_conflict"
KEY_NOT_UNIQUE = "key_not_unique"
CURRENCY_WITHOUT_RATE = "currency_without_rate"


def missing(column: Column) -> str:
    """Return the reason of a missing required value."""
    return f"{column.name}_missing"


def unparsed(column: Column) -> str:
    """Return the reason of a value that is not of the column's type or standard form."""
    return f"{column.name}_unparsed"


def digits_lost(column: Column) -> str:
    """Return the reason of a number or a time with more decimals than the column stores."""
    return f"{column.name}_digits_lost"


def without_zone(column: Column) -> str:
    """Return the reason of a local time without a declared zone."""
    return f"{column.name}_without_zone"


def not_allowed(column: Column) -> str:
    """Return the reason of a category that the contract does not list."""
    return f"{column.name}_not_allowed"


def severity_of_fault(table: Table, column: Column, reason: str) -> Severity:
    """Return what a value that is not of its column does to the row.

    Args:
        table: Contract of the entity, with the warnings that its source rejects.
        column: Contract of the column.
        reason: Name of the fault.
    """
    rejects = column.required or column.never_emptied or reason in table.rejects
    return Severity.REJECT if rejects else Severity.WARN


def warn_reasons(table: Table) -> dict[str, str]:
    """Return the reasons for which a value is emptied or a row counted, with their descriptions.

    They are the faults of optional values, and the contract's rules that warn.
    """
    reasons = {
        name: f"{description}; the value is emptied"
        for c in table.columns
        for name, description in faults_of(c).items()
        if severity_of_fault(table, c, name) is Severity.WARN
    }
    return reasons | {rule.name: rule.description for rule in table.rules_of(Severity.WARN)}


def reject_reasons(table: Table) -> dict[str, str]:
    """Return the reasons for which a record of an entity is rejected, with their descriptions.

    Besides the rules of the contract, these follow from its required columns and their types and
    allowed values, from its foreign keys and its key.
    """
    reasons = {
        RECORD_MALFORMED: "the line does not have the fields of the header, or is not a "
        "JSON object",
        RECORD_UNDECODABLE: "the line has bytes that are not valid in the declared encoding",
    }
    for c in table.columns:
        reasons |= {missing(c): f"{c.name} is empty"} if c.required else {}
        reasons |= {
            name: description
            for name, description in faults_of(c).items()
            if severity_of_fault(table, c, name) is Severity.REJECT
        }
    reasons |= {rule.name: rule.description for rule in table.rules_of(Severity.REJECT)}
    for reference in table.references:
        if reference.severity is Severity.REJECT:
            reasons[reference.name] = reference.description
    if table.immutable_since:
        reasons[KEY_CONFLICT] = (
            "the key has other content with an earlier time (for equal times, the content with the "
            "smaller hash is current)"
        )
    if table.versioned_by:
        reasons[KEY_NOT_UNIQUE] = (
            f"the key has several contents within one file, and no {table.versioned_by} orders them"
        )
    if any(c.standard is Standard.CURRENCY for c in table.columns):
        reasons[CURRENCY_WITHOUT_RATE] = (
            "the currency is not that of the source, and its rates have none for that day"
        )
    return reasons


def faults_of(c: Column) -> dict[str, str]:
    """Return the faults that a value of a column may have, with their descriptions."""
    reasons = _of_type(c)
    if c.standard in (Standard.EMAIL, Standard.PHONE, Standard.CURRENCY):
        reasons[unparsed(c)] = f"{c.name} has no standard form"
    if c.allowed:
        reasons[not_allowed(c)] = f"{c.name} is none of {', '.join(c.allowed)}"
    return reasons


def _of_type(c: Column) -> dict[str, str]:
    if isinstance(c.type, T.StringType):
        return {}
    reasons = {unparsed(c): f"{c.name} is not a {c.type.simpleString()}"}
    if isinstance(c.type, T.DecimalType):
        reasons[digits_lost(c)] = f"{c.name} has more decimals than {c.type.scale}"
    if isinstance(c.type, T.TimestampType):
        reasons[digits_lost(c)] = f"{c.name} has digits beyond microseconds"
        reasons[without_zone(c)] = f"{c.name} has no zone and the source declares none"
    return reasons
