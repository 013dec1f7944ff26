"""Monthly exchange rates of the simulated shop's currencies."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from goldrun.simulation.draws import Draws, Ints
from goldrun.simulation.parameters import Settings

HOME = "EUR"
CURRENCIES = (HOME, "GBP", "USD")
USUAL = (1.0, 1.17, 0.92)
"""Units of ``HOME`` for one unit of each currency, before the random walk."""
SCALE = 4
"""Decimals of a rate."""
_WANDER = 0.015
"""Standard deviation of the change of a rate's logarithm in a month."""


@dataclass(frozen=True)
class Rates:
    """Exchange rates of a period.

    Attributes:
        months: First day of each month, in order; the first one starts at or before the period.
        units: Rate of each currency (row) in each month (column), in units of its last digit.
    """

    months: tuple[date, ...]
    units: Ints

    def lines(self) -> list[tuple[str, str, str]]:
        """Return currency, first day and rate of each rate but ``HOME``'s, as text."""
        return [
            (code, day.isoformat(), f"{units // 10**SCALE}.{units % 10**SCALE:0{SCALE}d}")
            for code, row in zip(CURRENCIES, self.units.tolist(), strict=True)
            if code != HOME
            for day, units in zip(self.months, row, strict=True)
        ]

    def to_home(self, cents: Ints, currency: Ints, micros: Ints) -> Ints:
        """Convert money to ``HOME``, rounding half away from zero.

        Args:
            cents: Amounts in hundredths.
            currency: Position of each amount's currency in ``CURRENCIES``.
            micros: Time of each amount in microseconds since 1970.

        Returns:
            Amounts in units of 0.0001.
        """
        starts = np.array(self.months, dtype="datetime64[us]").astype(np.int64)
        month = np.searchsorted(starts, micros, side="right") - 1
        exact = np.abs(cents) * self.units[currency, month]
        return np.asarray(np.sign(cents) * ((exact + 50) // 100))


def rates(settings: Settings, draws: Draws) -> Rates:
    """Draw the monthly rates of the period; their logarithms are random walks."""
    first, last = settings.start, settings.until
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    positions = [first.month - 1 + i for i in range(count)]
    months = tuple(date(first.year + p // 12, p % 12 + 1, 1) for p in positions)
    number = np.arange(count)
    rows = [np.full(count, 10**SCALE)]
    for currency in range(1, len(CURRENCIES)):
        steps = draws.normal("rate", np.full(count, currency), number)
        value = USUAL[currency] * np.exp(_WANDER * np.cumsum(steps))
        rows.append(np.rint(value * 10**SCALE).astype(np.int64))
    return Rates(months, np.stack(rows))
