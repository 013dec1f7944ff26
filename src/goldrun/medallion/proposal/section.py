"""The proposed mapping of an entity, and the expressions of columns and numbers."""

import re
from dataclasses import dataclass, field

from goldrun.medallion.proposal.profile import SIGNS, Profile, Writing


@dataclass(frozen=True)
class Mapped:
    """The proposed expression of a contract column.

    Attributes:
        expression: The expression.
        note: What is known about its values, for a comment.
        question: What the user has to decide; empty if nothing.
    """

    expression: str
    note: str = ""
    question: str = ""


@dataclass(frozen=True)
class Section:
    """The proposed mapping of an entity.

    Attributes:
        columns: Expression by contract column.
        formats: Formats of its times; empty for ISO 8601.
        zoned: Whether all its times have a zone.
        values: The shop's words by contract column, each with a value of the contract, or empty
            if it is not known.
        currencies: ISO 4217 codes of its money, if a column has them.
        without_customer: Share of the rows without a customer.
        questions: What the user has to decide about the section.
    """

    columns: dict[str, Mapped]
    formats: tuple[str, ...] = ()
    zoned: bool = True
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    currencies: list[str] = field(default_factory=list)
    without_customer: float = 0.0
    questions: list[str] = field(default_factory=list)


def quoted(name: str) -> str:
    """Return a file column as expressions name it."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else f"`{name}`"


def number(column: Profile) -> str:
    """Return the expression of the text of a number that is written with a point."""
    text = quoted(column.name)
    if column.signs:
        text = f"translate({text}, '{SIGNS}', '')"
    if column.writing is Writing.COMMA:
        return f"replace(replace({text}, '.', ''), ',', '.')"
    return f"replace({text}, ',', '')" if column.writing is Writing.THOUSANDS else text
