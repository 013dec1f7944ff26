"""What purchases alone tell about the next ones, under the true parameters of the simulator.

Customers order at a rate l until they drop out at a rate m, and nobody sees when (Pareto/NBD;
Schmittlein, Morrison and Colombo 1987, Management Science 33). Of x purchases until an age T, the
last at tx, the likelihood is

    l^x e^{-(l+m)T}  of a customer who is active at T,
    l^x m/(l+m) (e^{-(l+m)tx} - e^{-(l+m)T})  of one who has dropped out since the last purchase.

Both are summed over a grid of the two rates, so the rates may have any joint distribution.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from goldrun.simulation.parameters import Effects, Process

Floats = NDArray[np.float64]

_LOG_RATES = np.linspace(np.log(1e-12), np.log(50.0), 500)
"""Grid of both rates, per unit of time: steps of 6 %."""
_NODES = 15
"""Values of each covariate, by Gauss and Hermite."""


@dataclass(frozen=True)
class Rates:
    """Joint distribution of purchase and dropout rates among customers.

    Attributes:
        rate: (n,), the grid of both, per unit of time.
        share: (n, n), share of customers by purchase rate and dropout rate.
    """

    rate: Floats
    share: Floats


@dataclass(frozen=True)
class Purchases:
    """The purchases of customers from a start to a date, in one unit of time.

    Attributes:
        count: (customers,), purchases.
        last: (customers,), time from the start to the last of them, 0 without any.
        age: (customers,), time from the start to the date.
        before: (customers,), time before the start in which a customer could drop out, but who has
            a purchase later had not; 0 for who begins at the start. Without a purchase it is 0.
    """

    count: Floats
    last: Floats
    age: Floats
    before: Floats


def rates_of(process: Process, completed: float = 1.0) -> Rates:
    """Return the distribution of the rates of a simulator's process, in days, without season.

    Args:
        process: Its parameters; the covariates of both rates are standard normal.
        completed: Share of the orders that are completed, each independently of the others, and so
            count as purchases.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    scale = process.purchase_scale / completed
    share = np.zeros((len(_LOG_RATES), len(_LOG_RATES)))
    for interest, of_interest in zip(nodes, weights, strict=True):
        for trouble, of_trouble in zip(nodes, weights, strict=True):
            to = _effect(process.purchase_effects, interest, trouble)
            purchases = gamma_shares(process.purchase_shape, scale, to)
            to = _effect(process.dropout_effects, interest, trouble)
            dropouts = gamma_shares(process.dropout_shape, process.dropout_scale, to)
            share += of_interest * of_trouble * np.outer(purchases, dropouts)
    return Rates(np.exp(_LOG_RATES), share)


def _effect(effects: Effects, interest: float, trouble: float) -> float:
    return effects.visit_interest * interest + effects.trouble * trouble


def gamma_shares(shape: float, scale: float, effect: float = 0.0) -> Floats:
    """Return the share of customers at each rate of the grid, of a gamma distribution.

    Args:
        shape: Its shape.
        scale: Its inverse scale, so that the mean is shape / scale.
        effect: Logarithm of a factor on all rates.
    """
    logs = _LOG_RATES + np.log(scale) - effect
    step = _LOG_RATES[1] - _LOG_RATES[0]
    return np.asarray(np.exp(shape * logs - np.exp(logs) - gammaln(shape)) * step, np.float64)


def log_likelihood(rates: Rates, purchases: Purchases) -> Floats:
    """Return the log-likelihood of each history, (customers,)."""
    terms = _Terms(rates, purchases)
    return np.asarray(np.log(terms.active() + terms.dropped_out()) + terms.scale, np.float64)


def no_purchase(rates: Rates, purchases: Purchases, period: float) -> Floats:
    """Return the probability of no purchase in the period after the date, (customers,), 0 to 1.

    No score that is computed from the purchases alone ranks the customers better on average.
    """
    terms = _Terms(rates, purchases)
    return np.asarray(
        1 - terms.purchase_within(period) / (terms.active() + terms.dropped_out()), np.float64
    )


class _Terms:
    """Parts of the likelihood, each divided by the same number for a customer."""

    def __init__(self, rates: Rates, purchases: Purchases) -> None:
        rate, share = rates.rate, rates.share
        both = rate[:, None] + rate
        logs = np.outer(purchases.count, np.log(rate)) - np.outer(purchases.last, rate)
        #: Logarithm of the number.
        self.scale = logs.max(axis=1)
        self._until_last = np.exp(logs - self.scale[:, None])
        self._until_now = self._until_last * np.exp(-np.outer(purchases.age - purchases.last, rate))
        self._stays_to_last = np.exp(-np.outer(purchases.before + purchases.last, rate))
        self._stays_to_now = np.exp(-np.outer(purchases.before + purchases.age, rate))
        self._share, self._both, self._dropout_first = share, both, rate / both

    def active(self) -> Floats:
        return self._summed(self._until_now, np.ones_like(self._share), self._stays_to_now)

    def dropped_out(self) -> Floats:
        first = self._dropout_first
        return self._summed(self._until_last, first, self._stays_to_last) - self._summed(
            self._until_now, first, self._stays_to_now
        )

    def purchase_within(self, period: float) -> Floats:
        purchase = (1 - self._dropout_first) * -np.expm1(-self._both * period)
        return self._summed(self._until_now, purchase, self._stays_to_now)

    def _summed(self, of_purchases: Floats, each: Floats, of_dropout: Floats) -> Floats:
        total = ((of_purchases @ (self._share * each)) * of_dropout).sum(axis=1)
        return np.asarray(total, np.float64)
