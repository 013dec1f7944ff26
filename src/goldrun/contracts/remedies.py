"""What to do about records that are refused: one remedy for each kind of reason."""

import re

from goldrun.contracts import quarantine_reasons
from goldrun.contracts.table import Reference, Rule, Table

BY_REASON = {
    quarantine_reasons.RECORD_MALFORMED: (
        "delimiter and format under [{entity}], or the lines of the files"
    ),
    quarantine_reasons.RECORD_UNDECODABLE: (
        "encoding under [{entity}]: it must be that of the files"
    ),
    quarantine_reasons.KEY_CONFLICT: (
        "the expression of the key under [{entity}.columns]: an id must not be used again for "
        "something else"
    ),
    quarantine_reasons.KEY_NOT_UNIQUE: (
        "the expression of the key under [{entity}.columns]: map what identifies a row, or map "
        "updated_at"
    ),
    quarantine_reasons.CURRENCY_WITHOUT_RATE: (
        "the rates file: it needs the currency, from that day on"
    ),
}
"""Remedy of the reasons that have a name of their own."""

BY_ENDING = {
    "_missing": "the expression of {column} under [{entity}.columns], or the empty cells",
    "_unparsed": "the expression of {column} under [{entity}.columns]; of a time also "
    "timestamp_format under [{entity}]",
    "_digits_lost": "the expression of {column} under [{entity}.columns]: round there what may "
    "be rounded",
    "_without_zone": "timezone, at the top of the file: the zone of times that have none",
    "_not_allowed": "the expression of {column} under [{entity}.columns]: translate there with "
    "CASE WHEN",
    "_in_future": "timezone and timestamp_format, and the order of day and month",
    "_long_ago": "the expression of {column} under [{entity}.columns]: make a default date null",
}
"""Remedy of the reasons that begin with a column, by how they end."""

BROKEN_RULE = "the expression of {column} under [{entity}.columns], or the rows of the files"
UNKNOWN_PARENT = (
    "path under [{parent}]: load the {parent} that are missing, then run silver with replay=true"
)


def columns_at_fault(table: Table, reason: str) -> tuple[str, ...]:
    """Columns of a contract whose values a reason is about; none where it is the whole record."""
    cause = _declared(table, reason)
    if isinstance(cause, Reference):
        return (cause.column,)
    if isinstance(cause, Rule):
        words = set(re.findall(r"\w+", cause.holds))
        return tuple(name for name in table.names if name in words)
    return tuple(name for name in table.names if _ending(name, reason))


def remedy(table: Table, entity: str, reason: str) -> str | None:
    """Say which key of the source's TOML file to look at.

    Args:
        table: Contract of the entity.
        entity: Its name.
        reason: Why records of it are refused.

    Returns:
        What to look at, as a phrase; None for a reason that the contract does not know.
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
    """The rule or reference that has this name."""
    declared: list[Rule | Reference] = [*table.rules, *table.references]
    return next((each for each in declared if each.name == reason), None)


def _ending(column: str, reason: str) -> bool:
    return reason.removeprefix(column) in BY_ENDING
