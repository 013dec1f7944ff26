"""Sizes, rates and shares of a simulated marketplace; the content of ``truth/parameters.json``."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

from pydantic import Field, model_validator

from goldrun.contracts.strict import Strict

DriftKind = Literal["spend", "frequency", "dropout", "device", "response"]
DRIFT_KINDS: tuple[str, ...] = get_args(DriftKind)

YEAR = 365.0
"""Days of a year, in rates."""
_SHOP_DAY = (
    *(0.35, 0.2, 0.12, 0.1, 0.12, 0.2, 0.4, 0.8, 1.0, 1.15, 1.2, 1.25),
    *(1.25, 1.2, 1.2, 1.2, 1.25, 1.4, 1.6, 1.9, 1.9, 1.9, 1.45, 0.86),
)


class Season(Strict):
    """Factors on the rates of orders and sessions by time, with mean 1.

    Attributes:
        hours: Factor by hour of the day (UTC), 24 of them, mean 1.
        weekdays: Factor by day of the week from Monday, 7 of them, mean 1.
        yearly_swing: Share by which the busiest day of the year exceeds the mean, 0 to 1.
        busiest_day: Day of the year, from 1, with the largest yearly factor.
    """

    hours: tuple[float, ...] = Field(default=_SHOP_DAY, min_length=24, max_length=24)
    weekdays: tuple[float, ...] = Field(
        default=(0.95, 0.92, 0.95, 1.0, 1.1, 1.15, 0.93), min_length=7, max_length=7
    )
    yearly_swing: float = Field(default=0.25, ge=0, lt=1)
    busiest_day: int = Field(default=340, ge=1, le=366)


class Effects(Strict):
    """Effect of covariates on a rate: log of the factor for one standard deviation.

    Attributes:
        visit_interest: Effect of the customer's interest in the shop.
        trouble: Effect of how often the customer's interactions stay unresolved.
    """

    visit_interest: float = 0.0
    trouble: float = 0.0


class Process(Strict):
    """Parameters of the buy-till-you-die process, and of sessions, interactions and moves.

    Attributes:
        purchase_shape: r of the purchase rates' gamma distribution.
        purchase_scale: alpha of that distribution, in days; mean rate r / alpha orders a day.
        dropout_shape: s of the dropout rates' gamma distribution.
        dropout_scale: beta of that distribution, in days; mean rate s / beta a day.
        purchase_effects: Effects of the covariates on the purchase rate.
        dropout_effects: Effects of the covariates on the dropout rate.
        season: Factors on the rates of orders and sessions.
        registered_before: Share of customers registered before the first day.
        longest_before: Longest time from registration to the first day, in days.
        sessions_a_year: Sessions without an order, for a customer of mean interest.
        session_effect: Log of the factor on them for one standard deviation of interest.
        sessions_after_dropout: Factor on their rate after the customer's dropout, 0 to 1.
        interactions_a_year: Interactions of a customer before dropout.
        trouble_level: Log-odds that an interaction stays unresolved, for mean trouble.
        moves_a_year: Changes of a customer's location and segment.
    """

    purchase_shape: float = Field(default=0.8, gt=0)
    purchase_scale: float = Field(default=85.0, gt=0)
    dropout_shape: float = Field(default=1.5, gt=0)
    dropout_scale: float = Field(default=900.0, gt=0)
    purchase_effects: Effects = Effects(visit_interest=0.3)
    dropout_effects: Effects = Effects(visit_interest=-0.5, trouble=0.7)
    season: Season = Season()
    registered_before: float = Field(default=0.4, ge=0, le=1)
    longest_before: float = Field(default=730.0, gt=0)
    sessions_a_year: float = Field(default=6.0, ge=0)
    session_effect: float = 0.6
    sessions_after_dropout: float = Field(default=0.05, ge=0, le=1)
    interactions_a_year: float = Field(default=2.5, ge=0)
    trouble_level: float = -1.2
    moves_a_year: float = Field(default=0.15, ge=0)


class Drift(Strict):
    """A permanent change of one quantity from a date on.

    Attributes:
        kind: What changes: prices (``spend``), purchase rates (``frequency``), dropout rates
            (``dropout``), the weight of mobile among devices (``device``), response times
            (``response``).
        since: First day (UTC) of the change.
        factor: Factor on the quantity, above 0 and up to 100.
    """

    kind: DriftKind
    since: date
    factor: float = Field(gt=0, le=100)


class Settings(Strict):
    """All inputs of a simulation: equal settings give equal rows.

    Attributes:
        customers: Number of customers.
        days: Length of the period in days.
        until: Exclusive end of the period: midnight (UTC) of this day.
        seed: Seed of all random numbers.
        dirt: Share of an entity's rows to spoil, by kind of dirt.
        drift: Changes during the period.
        process: Parameters of the customers' behaviour.
    """

    customers: int = Field(default=1_000, ge=1, le=99_999_999)
    days: int = Field(default=365, ge=1, le=3_650)
    until: date = date(2025, 6, 30)
    seed: int = Field(default=42, ge=0)
    dirt: dict[str, float] = Field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    process: Process = Process()

    @model_validator(mode="after")
    def _drifts_inside(self) -> "Settings":
        for drift in self.drift:
            if not self.start <= drift.since < self.until:
                raise ValueError(
                    f"drift {drift.kind} from {drift.since} is not within the period: give a date "
                    f"from {self.start} and before {self.until}"
                )
        return self

    @property
    def start(self) -> date:
        """First day of the period."""
        return self.until - timedelta(days=self.days)

    @property
    def start_micros(self) -> int:
        """Start of the period, in microseconds since 1970 (UTC)."""
        start = datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)
        return int(start.timestamp()) * 1_000_000

    def changes(self, kind: DriftKind) -> list[tuple[float, float]]:
        """Return day of the period and factor of each drift of a kind, sorted by day."""
        found = [d for d in self.drift if d.kind == kind]
        ordered = sorted(found, key=lambda d: d.since)
        return [(float((d.since - self.start).days), d.factor) for d in ordered]
