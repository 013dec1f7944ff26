"""What a feature's value means, in words for a person who knows the shop and no statistics."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from goldrun.contracts import behaviour, entities
from goldrun.features.catalog import (
    daily_metrics,
    interaction_features,
    purchase_features,
    refund_features,
    session_features,
    totals,
    window_features,
)
from goldrun.features.catalog.feature_tables import feature_named

_PERCENT, _MONEY, _MINUTES, _BARE = "percent", "money", "minutes", "bare"
"""How a value is written; any other format is the noun of what it counts."""


@dataclass(frozen=True)
class Phrase:
    """The words for one feature.

    Attributes:
        text: The sentence, with the value as ``{0:format}`` (``_Value``).
        unknown: The sentence for null; what the feature's null means if it is empty.
        beside: Another feature whose known value is added.
        added: The words that are added then, in the same form.
    """

    text: str
    unknown: str = ""
    beside: str = ""
    added: str = ""


class _Value:
    """A number that format specifications write: ``{0:percent}``, ``{0:money}``, ``{0:order}``."""

    def __init__(self, number: float, currency: str) -> None:
        self.number, self.currency = number, currency

    def __format__(self, spec: str) -> str:
        if spec == _PERCENT:
            return f"{_rounded(100 * self.number)} %"
        if spec == _MONEY:
            return f"{self.number:,.2f} {self.currency}"
        if spec == _MINUTES:
            return _counted(self.number / 60, "minute")
        return _rounded(self.number) if spec == _BARE else _counted(self.number, spec)


def _rounded(number: float) -> str:
    """Write a number with one decimal below 10 if it has any, and without from 10 on."""
    places = 0 if abs(number) >= 10 or number == round(number) else 1
    return f"{number:,.{places}f}"


def _counted(number: float, noun: str) -> str:
    if number == 0:
        return f"no {noun}s"
    written = _rounded(number)
    return f"{written} {noun}" if written == "1" else f"{written} {noun}s"


def describe(feature: str, values: Mapping[str, float], currency: str) -> str:
    """Return the words for one customer's value of a feature.

    Args:
        feature: A numeric feature.
        values: The customer's values by feature, NaN for null; with ``BESIDE`` if known.
        currency: Unit of money.
    """
    phrase = PHRASES.get(feature) or Phrase(f"{feature.replace('_', ' ')}: {{0:{_BARE}}}")
    if np.isnan(values[feature]):
        return phrase.unknown or feature_named(feature).null_means
    text = phrase.text.format(_Value(values[feature], currency))
    other = values.get(phrase.beside, np.nan)
    return text if np.isnan(other) else text + phrase.added.format(_Value(other, currency))


def _in_windows() -> dict[str, Phrase]:
    found: dict[str, Phrase] = {}
    for days in totals.WINDOWS:
        short = f"the history is shorter than {days} days"
        texts = {
            window_features.frequency_in(days): f"{{0:order}} in the last {days} days",
            window_features.spend_in(days): f"spent {{0:money}} in the last {days} days",
            refund_features.net_spend_in(days): (
                f"spent {{0:money}} in the last {days} days, less refunds"
            ),
            refund_features.refunded_in(days): f"{{0:money}} refunded in the last {days} days",
            session_features.sessions_in(days): f"{{0:session}} in the last {days} days",
        }
        found |= {name: Phrase(text, short) for name, text in texts.items()}
        found[window_features.spend_share_in(days)] = Phrase(
            f"{{0:percent}} of all spend was in the last {days} days",
            f"{short}, or nothing was ever spent",
        )
        found[refund_features.refund_rate_in(days)] = Phrase(
            f"{{0:percent}} of the payments of the last {days} days was refunded",
            f"{short}, or nothing was paid in them",
        )
    return found


_PURCHASES = {
    purchase_features.RECENCY_DAYS: Phrase(
        "no order for {0:day}",
        beside=purchase_features.PURCHASE_GAP_MEAN_DAYS,
        added="; usually every {0:bare}",
    ),
    purchase_features.PURCHASE_FREQUENCY: Phrase("{0:order} in all"),
    purchase_features.TOTAL_SPEND: Phrase("spent {0:money} in all"),
    purchase_features.AVG_TRANSACTION_VALUE: Phrase("{0:money} an order on average"),
    purchase_features.AVERAGE_PURCHASE_VALUE: Phrase("{0:money} an item bought on average"),
    purchase_features.TENURE_DAYS: Phrase("first order {0:day} ago"),
    purchase_features.DAYS_SINCE_LAST_TRANSACTION: Phrase("no transaction for {0:day}"),
    purchase_features.CANCELLATION_RATE: Phrase("{0:percent} of the orders were cancelled"),
    purchase_features.DISTINCT_PRODUCTS: Phrase("bought {0:different product}"),
    purchase_features.BASKET_SIZE: Phrase("{0:piece} an order on average"),
    purchase_features.PURCHASE_GAP_MEAN_DAYS: Phrase(
        "usually orders every {0:bare} days", "has ordered on one day only"
    ),
    purchase_features.PURCHASE_GAP_STD_DAYS: Phrase(
        "the time between orders varies by {0:day}", "has ordered on one or two days only"
    ),
    window_features.SPEND_TREND: Phrase(
        f"{{0:percent}} of the spend of the last {2 * totals.TREND_DAYS} days was in the last "
        f"{totals.TREND_DAYS}",
        f"spent nothing in the last {2 * totals.TREND_DAYS} days, or the history is shorter",
    ),
    **{
        purchase_features.payment_share(method): Phrase(
            f"{{0:percent}} of the spend was paid by {method.replace('_', ' ')}"
        )
        for method in entities.PAYMENT_METHODS
    },
}
_REFUNDS = {
    refund_features.NET_SPEND: Phrase("spent {0:money} in all, less refunds"),
    refund_features.REFUNDED_AMOUNT: Phrase("{0:money} refunded in all"),
    refund_features.REFUND_RATE: Phrase("{0:percent} of all payments was refunded"),
    refund_features.REFUNDED_ORDER_RATE: Phrase(
        "{0:percent} of the orders were refunded, at least in part"
    ),
}
_SESSIONS = {
    session_features.SESSION_COUNT: Phrase("{0:session} in all"),
    session_features.AVERAGE_SESSION_DURATION: Phrase("sessions of {0:minutes} on average"),
    session_features.BOUNCE_RATE: Phrase("{0:percent} of the sessions ended after one event"),
    session_features.DROP_OFF_RATE: Phrase("{0:percent} of the sessions ended without a purchase"),
    session_features.CART_DROP_OFF_RATE: Phrase(
        "{0:percent} of the sessions with a cart ended without a purchase",
        "no session with a cart",
    ),
    session_features.EVENT_CONVERSION_RATE: Phrase(
        "{0:percent} of the sessions with a search or click ended in a purchase"
    ),
    **{
        session_features.device_share(device): Phrase(
            f"{{0:percent}} of the sessions were on {device}"
        )
        for device in behaviour.DEVICES
    },
    **{
        session_features.event_count(kind): Phrase(f"{{0:{kind.replace('_', ' ')} event}} in all")
        for kind in behaviour.EVENT_TYPES
    },
}
_INTERACTIONS = {
    interaction_features.INTERACTION_COUNT: Phrase("{0:interaction} in all"),
    interaction_features.SHARE_RESOLVED: Phrase("{0:percent} of the interactions were resolved"),
    interaction_features.RESPONSE_TIME_MEAN: Phrase("answers took {0:minutes} on average"),
    interaction_features.RESPONSE_TIME_P90: Phrase("one answer in ten took {0:minutes} or longer"),
    interaction_features.CONTACT_RATE: Phrase(
        f"{{0:interaction}} an order, within {daily_metrics.AFTER_ORDER_DAYS} days after it"
    ),
    **{
        interaction_features.interaction_count(channel): Phrase(
            f"{{0:interaction}} by {channel} in all"
        )
        for channel in behaviour.CHANNELS
    },
}

PHRASES: Mapping[str, Phrase] = {
    **_PURCHASES,
    **_in_windows(),
    **_REFUNDS,
    **_SESSIONS,
    **_INTERACTIONS,
}
"""The words of each numeric feature; of one without an entry, its name and its value."""

BESIDE: tuple[str, ...] = tuple(sorted({p.beside for p in PHRASES.values() if p.beside}))
"""Features that phrases of other features add."""
