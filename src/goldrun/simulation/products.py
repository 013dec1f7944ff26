"""What the shop sells: few products that everybody buys, many that hardly anybody does."""

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
    """The products, by popularity.

    Attributes:
        cents: Price of each in hundredths of the shop's currency, log-normal.
        edges: Share of all sales that each product and the more popular ones have (Zipf and
            Mandelbrot's law).
    """

    cents: Ints
    edges: Floats

    def drawn(self, draws: Draws, stream: str, who: Ints, number: Ints) -> Ints:
        """Draw products as often as they are popular."""
        found = np.searchsorted(self.edges, draws.uniform(stream, who, number), side="right")
        return np.minimum(found, len(self.edges) - 1).astype(np.int64)

    def ids(self, product: Ints) -> Text:
        """The identity of each product."""
        return "P" + digits(product, 4)


def catalogue(draws: Draws) -> Catalogue:
    """Draw the prices of all products."""
    product = np.arange(_PRODUCTS)
    price = _MEDIAN_CENTS * np.exp(_PRICE_SPREAD * draws.normal("product price", product))
    weight = 1 / (product + _FLATTENING) ** _SKEW
    edges = np.cumsum(weight) / weight.sum()
    return Catalogue(np.maximum(np.rint(price), 50).astype(np.int64), edges)
