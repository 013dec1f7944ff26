"""Counter-based random numbers: each depends on its own coordinates only.

A number is a function of the seed, the name of its stream, the customer and the number of the draw.
So a simulation gives the same rows for any chunk size and number of processes. The names of streams
are part of this function: to rename one changes the rows of a seed.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_MAX_TRIES = 64
"""Upper limit of attempts; one gamma attempt is accepted with a probability above 0.95."""


class Draws:
    """Counter-based draws: no state, so their order and grouping do not matter.

    The generator is SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
    generators"), applied to the customer and then to the number of the draw.

    In all methods, ``stream`` names the quantity, ``customer`` holds numbers of customers, and
    ``number`` distinguishes draws of the same customer and stream.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def uniform(self, stream: str, customer: Ints, number: Ints | int = 0) -> Floats:
        """Draw from the open interval (0, 1)."""
        start = _mixed(_unsigned(customer) * _GOLDEN + _key(self._seed, stream))
        step = _unsigned(number) + np.uint64(1)
        bits = _mixed(start + step * _GOLDEN) >> np.uint64(12)
        return (bits.astype(np.float64) + 0.5) * 2.0**-52

    def normal(self, stream: str, customer: Ints, number: Ints | int = 0) -> Floats:
        """Draw from the standard normal distribution (Box and Muller 1958)."""
        radius = np.sqrt(-2 * np.log(self.uniform(f"{stream}/radius", customer, number)))
        angle = 2 * np.pi * self.uniform(f"{stream}/angle", customer, number)
        return np.asarray(radius * np.cos(angle))

    def exponential(self, stream: str, customer: Ints, number: Ints | int = 0) -> Floats:
        """Draw from the exponential distribution with mean 1."""
        return np.asarray(-np.log(self.uniform(stream, customer, number)))

    def gamma(self, stream: str, customer: Ints, shape: float) -> Floats:
        """Draw from the gamma distribution with scale 1.

        Marsaglia and Tsang 2000, "A simple method for generating gamma variables"; a draw
        for a shape below 1 is one for shape + 1 times ``uniform ** (1 / shape)``.
        """
        if shape < 1:
            power = self.uniform(f"{stream}/power", customer) ** (1 / shape)
            return self.gamma(stream, customer, shape + 1) * power
        d = shape - 1 / 3
        value = np.full(len(customer), d)
        left = np.arange(len(customer))
        for attempt in range(_MAX_TRIES):
            v, accepted = self._try_gamma(stream, customer[left], d, attempt)
            value[left[accepted]] = d * v[accepted]
            left = left[~accepted]
            if not left.size:
                break
        return value

    def _try_gamma(
        self, stream: str, customer: Ints, d: float, attempt: int
    ) -> tuple[Floats, Flags]:
        """Draw v of the article for each customer, and whether it is accepted."""
        x = self.normal(f"{stream}/try", customer, attempt)
        v = (1 + x / np.sqrt(9 * d)) ** 3
        u = self.uniform(f"{stream}/accept", customer, attempt)
        # Avoid the logarithm of v <= 0; these attempts are rejected.
        safe = np.where(v > 0, v, 1.0)
        return v, (v > 0) & (np.log(u) < x**2 / 2 + d - d * v + d * np.log(safe))

    def index(
        self, stream: str, customer: Ints, weights: Sequence[float], number: Ints | int = 0
    ) -> Ints:
        """Draw positions in ``weights`` with probabilities proportional to the weights."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(edges / edges[-1], self.uniform(stream, customer, number), "right")
        return np.minimum(found, len(edges) - 1).astype(np.int64)

    def below(self, stream: str, customer: Ints, size: int, number: Ints | int = 0) -> Ints:
        """Draw whole numbers from 0 to ``size - 1`` uniformly."""
        found = (self.uniform(stream, customer, number) * size).astype(np.int64)
        return np.minimum(found, size - 1)

    def chance(
        self, stream: str, customer: Ints, share: Floats | float, number: Ints | int = 0
    ) -> Flags:
        """Draw true with probability ``share``."""
        return np.asarray(self.uniform(stream, customer, number) < share)


def _unsigned(number: Ints | int) -> NDArray[np.uint64]:
    return np.atleast_1d(np.asarray(number, dtype=np.int64)).astype(np.uint64)


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@cache
def _key(seed: int, stream: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
