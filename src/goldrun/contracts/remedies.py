"""Remedies for rejected records, one for each kind of reason."""

import re

from goldrun.contracts import quarantine_reasons
from goldrun.contracts.table import Reference, Rule, Table

BY_REASON = {
    quarantine_reasons.RECORD_MALFORMED: (
        "delimiter and format under [{entity}], or the lines of the files"
    ),
    quarantine_reasons.RECORD_UNDECODABLE: (
        "encoding under [{entity}]: it must be the encoding of the files"
    ),
    quarantine_reasons.KEY_CONFLICT: (
        "the expression of the key under [{entity}.columns]: an id must not be reused for another "
        "row"
    ),
    quarantine_reasons.KEY_NOT_UNIQUE: (
        "the expression of the key under [{entity}.columns]: map a column that identifies a row, "
        "or map updated_at"
    ),
    quarantine_reasons.CURRENCY_WITHOUT_RATE: (
        "the rates file: it needs the currency, from that day on"
    ),
}
"""Remedies of the reasons that do not depend on a column."""

BY_ENDING = {
    "_missing": "the expression of {column} under [{entity}.columns], or the empty cells",
    "_unparsed": "the expression of {column} under [{entity}.columns]; of a time also "
    "timestamp_format under [{entity}]",
    "_digits_lost": "the expression of {column} under [{entity}.columns]: round the values there, "
    'or of a number set extra_digits = "round" under [{entity}]',
    "_without_zone": "timezone, at the top of the file: the zone of times that have none",
    "_not_allowed": "[{entity}.values.{column}]: declare there what the shop's words mean",
    "_in_future": "timezone and timestamp_format, and the order of day and month",
    "_long_ago": "the expression of {column} under [{entity}.columns]: make a default date null",
}
"""Remedies of the reasons that begin with the name of a column, by their ending."""

BROKEN_RULE = "the expression of {column} under [{entity}.columns], or the rows of the files"
UNKNOWN_PARENT = (
    "path under [{parent}], or under [transactions] where {parent} have no files: load what is "
    "missing, then run silver with replay=true; of transactions also unknown_customers, at the top "
    "of the file"
)


def columns_at_fault(table: Table, reason: str) -> tuple[str, ...]:
    """Return the columns whose values a reason refers to; none if it refers to the whole record."""
    cause = _declared(table, reason)
    if isinstance(cause, Reference):
        return (cause.column,)
    if isinstance(cause, Rule):
        words = set(re.findall(r"\w+", cause.holds))
        return tuple(name for name in table.names if name in words)
    return tuple(name for name in table.names if _ending(name, reason))


def remedy(table: Table, entity: str, reason: str) -> str | None:
    """Return the key of the source's TOML file that may have to be corrected, with an instruction.

    Args:
        table: Contract of the entity.
        entity: Name of the entity.
        reason: Reason for which its records are rejected.

    Returns:
        The remedy as a phrase; None for a reason that the contract does not have.
    """
    cause = _declared(table, reason)
    column = " and ".join(columns_at_fault(table, reason))
    if isinstance(cause, Reference):
        return UNKNOWN_PARENT.format(parent=cause.entity)
    text = BY_REASON.get(reason)
    if text is None and column:
        endings = (text for ending, text in BY_ENDING.items() if reason.endswith(ending))
        text = next(endings, BROKEN_RULE if cause else None)
    return text and text.format(entity=entity, column=column)


def _declared(table: Table, reason: str) -> Rule | Reference | None:
    """Return the rule or reference with the name of a reason; None if there is none."""
    declared: list[Rule | Reference] = [*table.rules, *table.references]
    return next((each for each in declared if each.name == reason), None)


def _ending(column: str, reason: str) -> bool:
    return reason.removeprefix(column) in BY_ENDING
