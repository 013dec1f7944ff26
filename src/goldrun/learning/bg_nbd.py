"""The BG/NBD model of repeat purchases: how many a customer makes in a future period.

Fader, Hardie and Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24(2). A
customer purchases at a constant rate, which is gamma distributed among customers, and may become
inactive after each purchase with a probability that is beta distributed.

The probability that a customer is still active can't rank churn, because it is 1 for everyone with
one purchase. The score is the expected number of purchases in the horizon.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import betaincinv, gammaln, hyp2f1

from goldrun.errors import AsOfError
from goldrun.learning.evaluation import Floats

_BOUNDS = (-9.0, 9.0)
"""Bounds of the logarithms of the parameters: without them one can go to infinity or to 0, where
the likelihood is flat (customers who all purchase alike, or never become inactive)."""
_STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.5, 0.0, 0.0, 1.5), (0.0, 1.0, -3.0, 0.0))
"""Where the search begins, as logarithms; the best end is taken."""
_NEAR_ONE = 1e-6
"""Distance of ``a`` to 1 that is kept, because the formula of the expectation divides by a - 1."""
_LARGE = 50.0
"""Value of ``a`` from which on the expectation is integrated, because its formula overflows. A few
customers can give so large a value; they all become inactive with nearly the same probability."""
_NODES = 64


@dataclass(frozen=True)
class Histories:
    """The purchases of customers up to a date, in one unit of time.

    Attributes:
        repeats: (customers,), repeat purchases: days with a purchase after the first such day.
        last: (customers,), time from the first purchase to the last, 0 without a repeat.
        age: (customers,), time from the first purchase to the date, at least ``last``.
    """

    repeats: Floats
    last: Floats
    age: Floats


@dataclass(frozen=True)
class BgNbd:
    """Parameters of the model, all above 0.

    Attributes:
        r: Shape of the gamma distribution of purchase rates.
        alpha: Its rate, in the unit of time of the histories.
        a: First parameter of the beta distribution of the probability to become inactive.
        b: Its second parameter.
    """

    r: float
    alpha: float
    a: float
    b: float


def log_likelihood(model: BgNbd, histories: Histories) -> Floats:
    """Return the log-likelihood of each history, (customers,): equation 6 of the paper."""
    repeats, last, age = histories.repeats, histories.last, histories.age
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    rates = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    stays = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
    active = -(r + repeats) * np.log(alpha + age)
    # Without a repeat purchase, the likelihood has no term for becoming inactive.
    after = np.log(a) - np.log(b + np.maximum(repeats, 1) - 1)
    inactive = np.where(repeats > 0, after - (r + repeats) * np.log(alpha + last), -np.inf)
    return np.asarray(rates + stays + np.logaddexp(active, inactive), dtype=np.float64)


def fit_bg_nbd(histories: Histories) -> BgNbd:
    """Estimate the parameters by maximum likelihood; the order of the customers has no effect.

    Raises:
        AsOfError: There is no customer with an age above 0, or no maximum is found.
    """
    if not len(histories.age) or not histories.age.max() > 0:
        raise AsOfError("BG/NBD: no customer purchased before as_of; give a later as_of")
    scale = float(histories.age.mean())
    distinct, weights = _distinct(histories, scale)
    found = [_search(distinct, weights, np.array(start)) for start in _STARTS]
    best = min(found, key=lambda each: float(each.fun) if np.isfinite(each.fun) else np.inf)
    if not np.isfinite(best.fun):
        raise AsOfError(
            f"BG/NBD: no maximum of the likelihood of {len(histories.age)} customers is found; "
            "give another as_of"
        )
    r, alpha, a, b = np.exp(best.x)
    return BgNbd(float(r), float(alpha * scale), float(a), float(b))


def expected_purchases(model: BgNbd, histories: Histories, period: float) -> Floats:
    """Return the expected number of purchases of each customer in the period after the date.

    Equation 10 of the paper.

    Args:
        model: The parameters.
        histories: The customers.
        period: Length of the period, in the unit of time of the histories.

    Returns:
        (customers,), 0 or more.
    """
    repeats, last, age = histories.repeats, histories.last, histories.age
    expected = _by_integral if model.a > _LARGE else _by_formula
    if_active = expected(model, histories, period)
    gap = (model.r + repeats) * (np.log(model.alpha + age) - np.log(model.alpha + last))
    of_dropout = model.a / (model.b + np.maximum(repeats, 1) - 1)
    odds = np.where(repeats > 0, of_dropout * np.exp(gap), 0.0)
    return np.asarray(np.maximum(if_active, 0) / (1 + odds), dtype=np.float64)


def _by_formula(model: BgNbd, histories: Histories, period: float) -> Floats:
    """Return the expectation of active customers.

    The hypergeometric function is in Euler's form, whose parameters stay small for customers with
    many purchases.
    """
    r, b, repeats = model.r, model.b, histories.repeats
    a = model.a if abs(model.a - 1) > _NEAR_ONE else 1 + _NEAR_ONE
    share = period / (model.alpha + histories.age + period)
    series = hyp2f1(a + b - 1 - r, a - 1, a + b + repeats - 1, share)
    found = (a + b + repeats - 1) / (a - 1) * (1 - (1 - share) ** (a - 1) * series)
    return np.asarray(found, dtype=np.float64)


def _by_integral(model: BgNbd, histories: Histories, period: float) -> Floats:
    """Return the expectation of active customers, by Gauss and Legendre.

    With a probability p to become inactive after a purchase it is (1 - e^{-rate p period}) / p, of
    which the mean over the rates, which are gamma distributed, is known.
    """
    total = np.zeros(len(histories.age))
    # Node by node, so that many customers take no more memory than their histories.
    for node, weight in zip(*np.polynomial.legendre.leggauss(_NODES), strict=True):
        inactive = betaincinv(model.a, model.b + histories.repeats, (node + 1) / 2)
        longer = np.log1p(inactive * period / (model.alpha + histories.age))
        total -= weight / 2 * np.expm1(-(model.r + histories.repeats) * longer) / inactive
    return total


def _distinct(histories: Histories, scale: float) -> tuple[Histories, Floats]:
    """Return the different histories, with times divided by a scale, and the customers of each."""
    rows = np.column_stack([histories.repeats, histories.last / scale, histories.age / scale])
    distinct, weights = np.unique(rows, axis=0, return_counts=True)
    return Histories(*distinct.T), weights.astype(np.float64)


def _search(histories: Histories, weights: Floats, start: Floats) -> OptimizeResult:
    def loss(logs: Floats) -> float:
        each = log_likelihood(BgNbd(*np.exp(logs)), histories)
        return -float((weights * each).sum() / weights.sum())

    return minimize(loss, start, method="L-BFGS-B", bounds=[_BOUNDS] * len(start), tol=1e-12)
