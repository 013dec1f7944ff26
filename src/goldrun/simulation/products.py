"""Products of the shop, with prices and a long-tailed popularity."""

from dataclasses import dataclass

import numpy as np

from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.text import Text, digits

_PRODUCTS = 2_000
_SKEW = 1.05
_FLATTENING = 2.7
_MEDIAN_CENTS = 1_800
_PRICE_SPREAD = 0.9


@dataclass(frozen=True)
class Catalogue:
    """The products, sorted from most to least popular.

    Attributes:
        cents: Price of each product in hundredths of the shop's currency, log-normal.
        edges: Cumulative share of sales (Zipf-Mandelbrot law).
    """

    cents: Ints
    edges: Floats

    def drawn(self, draws: Draws, stream: str, customer: Ints, number: Ints) -> Ints:
        """Draw positions of products with probabilities by popularity."""
        found = np.searchsorted(self.edges, draws.uniform(stream, customer, number), side="right")
        return np.minimum(found, len(self.edges) - 1).astype(np.int64)

    def ids(self, product: Ints) -> Text:
        """Return the ``product_id`` of each position."""
        return "P" + digits(product, 4)


def catalogue(draws: Draws) -> Catalogue:
    """Draw the prices of all products and compute their popularity."""
    product = np.arange(_PRODUCTS)
    price = _MEDIAN_CENTS * np.exp(_PRICE_SPREAD * draws.normal("product price", product))
    weight = 1 / (product + _FLATTENING) ** _SKEW
    edges = np.cumsum(weight) / weight.sum()
    return Catalogue(np.maximum(np.rint(price), 50).astype(np.int64), edges)
