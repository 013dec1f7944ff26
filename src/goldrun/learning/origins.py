"""The as-of dates of a training run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_SHOWN = 4


@dataclass(frozen=True)
class Origins:
    """The as-of dates of a training run.

    Attributes:
        train: Dates of the training rows, ascending, at least one.
        test: Date of the test rows; None for a model that is measured on its training rows.
        reference: Dates of the rows that drift is measured against while there is no champion;
            ``train`` when empty.
        earlier: Dates before ``train``, ascending, whose rows only the choice among candidates
            reads.
    """

    train: tuple[date, ...]
    test: date | None = None
    reference: tuple[date, ...] = ()
    earlier: tuple[date, ...] = ()

    @property
    def as_of(self) -> date:
        """Date of the rows that the model is measured on."""
        return self.test or self.train[-1]

    @property
    def dates(self) -> list[date]:
        """All dates, ascending, each once."""
        return sorted({*self.reference, *self.earlier, *self.train, self.as_of})

    @property
    def reference_name(self) -> str:
        """Description of the rows that drift is measured against while there is no champion."""
        if not self.reference:
            return "its training origins"
        return f"the features of {', '.join(map(str, self.reference))}"


def dates_between(dates: Sequence[date]) -> str:
    """Write dates for a message: up to four of them, or their number, first and last."""
    if len(dates) <= _SHOWN:
        return ", ".join(map(str, dates))
    return f"{len(dates)} dates from {dates[0]} to {dates[-1]}"
