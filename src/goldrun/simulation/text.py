"""Format arrays of numbers as text columns."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from goldrun.simulation.draws import Flags, Ints

if TYPE_CHECKING:
    Text: TypeAlias = pd.Series[str]
else:
    Text = pd.Series

TEXT: Literal["string[pyarrow]"] = "string[pyarrow]"
_MICROS = 1_000_000
_DAY = 86_400
_EPOCH = date(1970, 1, 1)
_FOUR = 10_000


def each_once(values: Ints, write: Callable[[int], str]) -> Text:
    """Format each distinct number once and return one text a number."""
    distinct, places = np.unique(values, return_inverse=True)
    return pick([write(value) for value in distinct.tolist()], places)


def pick(texts: Sequence[str | None], index: Ints) -> Text:
    """Return the texts at the positions ``index``; None is null."""
    return pd.Series(list(texts), dtype=TEXT).take(index).reset_index(drop=True)


def digits(values: Ints, width: int) -> Text:
    """Format whole numbers with leading zeros in ``width`` digits, a multiple of 4."""
    text = each_once(values % _FOUR, lambda v: f"{v:04d}")
    for _ in range(width // 4 - 1):
        values = values // _FOUR
        text = each_once(values % _FOUR, lambda v: f"{v:04d}") + text
    return text


def whole(values: Ints) -> Text:
    """Format whole numbers."""
    return each_once(values, str)


def decimal(units: Ints, scale: int) -> Text:
    """Format decimals, given as integers in units of their last digit, with ``scale`` digits."""
    base = 10**scale
    minus = pick(["", "-"], (units < 0).astype(np.int64))
    size = np.abs(units)
    return minus + whole(size // base) + each_once(size % base, lambda v: f".{v:0{scale}d}")


def iso_time(micros: Ints, fraction: bool, local: Flags | None = None) -> Text:
    """Format times in ISO 8601.

    Args:
        micros: Microseconds since 1970, UTC.
        fraction: Whether to write milliseconds.
        local: Where to write local time with the offset +02:00 instead of UTC with Z.
    """
    ahead = np.zeros(len(micros), dtype=np.int64) if local is None else local.astype(np.int64)
    seconds = micros // _MICROS + ahead * 7_200
    text = each_once(seconds // _DAY, lambda day: (_EPOCH + timedelta(days=day)).isoformat())
    text += each_once(seconds % _DAY, _clock)
    if fraction:
        text += each_once(micros % _MICROS // 1_000, lambda v: f".{v:03d}")
    return text + pick(["Z", "+02:00"], ahead)


def _clock(second: int) -> str:
    return f"T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
