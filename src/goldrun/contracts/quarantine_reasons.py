"""Names of everything that can be wrong with a record, and what each means."""

from pyspark.sql import types as T

from goldrun.contracts.table import Column, Severity, Standard, Table

RECORD_MALFORMED = "record_malformed"
RECORD_UNDECODABLE = "record_undecodable"
KEY_CONFLICT = "key_conflict"
KEY_NOT_UNIQUE = "key_not_unique"
CURRENCY_WITHOUT_RATE = "currency_without_rate"


def missing(column: Column) -> str:
    """Reason for a required value that is not there."""
    return f"{column.name}_missing"


def unparsed(column: Column) -> str:
    """Reason for a value that is there but is not of the column's type or standard form."""
    return f"{column.name}_unparsed"


def digits_lost(column: Column) -> str:
    """Reason for a number or a time that would lose decimals by being stored."""
    return f"{column.name}_digits_lost"


def without_zone(column: Column) -> str:
    """Reason for a local time whose zone nobody declared."""
    return f"{column.name}_without_zone"


def not_allowed(column: Column) -> str:
    """Reason for a category that the contract does not list."""
    return f"{column.name}_not_allowed"


def reject_reasons(table: Table) -> dict[str, str]:
    """List the reasons that put a record of an entity into quarantine, each with its meaning.

    Besides the written rules these are what the null policy, the types, the allowed values, the
    foreign keys and the identity of a row imply.
    """
    reasons = {
        RECORD_MALFORMED: "the line does not have the fields that the header names, or is no "
        "JSON object",
        RECORD_UNDECODABLE: "the line has bytes that are not of the declared encoding",
    }
    for c in table.columns:
        reasons |= _of_column(c)
    for rule in table.rules:
        if rule.severity is Severity.REJECT:
            reasons[rule.name] = rule.description
    for reference in table.references:
        if reference.severity is Severity.REJECT:
            reasons[reference.name] = reference.description
    if table.immutable_since:
        reasons[KEY_CONFLICT] = (
            "the key is there with other content that happened earlier (of equal times, that with "
            "the smaller hash stands)"
        )
    if table.versioned_by:
        reasons[KEY_NOT_UNIQUE] = (
            "the key has several contents within one file, and no "
            f"{table.versioned_by} says which is the newest"
        )
    if any(c.standard is Standard.CURRENCY for c in table.columns):
        reasons[CURRENCY_WITHOUT_RATE] = (
            "the currency is not the source's, and its rates have none for that day"
        )
    return reasons


def _of_column(c: Column) -> dict[str, str]:
    reasons = {}
    if c.required:
        reasons[missing(c)] = f"{c.name} is empty"
    if not isinstance(c.type, T.StringType):
        reasons[unparsed(c)] = f"{c.name} is not a {c.type.simpleString()}"
    if c.standard in (Standard.EMAIL, Standard.PHONE, Standard.CURRENCY):
        reasons[unparsed(c)] = f"{c.name} has no standard form"
    if isinstance(c.type, T.DecimalType):
        reasons[digits_lost(c)] = f"{c.name} has more decimals than {c.type.scale}"
    if isinstance(c.type, T.TimestampType):
        reasons[digits_lost(c)] = f"{c.name} has digits beyond microseconds"
        reasons[without_zone(c)] = f"{c.name} has no zone and the source declares none"
    if c.allowed:
        reasons[not_allowed(c)] = f"{c.name} is none of {', '.join(c.allowed)}"
    return reasons
