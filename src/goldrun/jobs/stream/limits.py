"""How long a stream goes on, and in what steps."""

import argparse
import math
from dataclasses import dataclass

from goldrun.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """When a stream ends, and how it goes.

    Attributes:
        available_now: Whether to take what is there and end.
        seconds: How long to go on; without end when None.
        rows: How many records to take, files whole; without end when None.
        batch_rows: How many messages a micro-batch takes at most.
        every: Shortest time between the starts of two micro-batches, in seconds.
        compact_every: Time between two compactions of the tables, in seconds.
    """

    available_now: bool = False
    seconds: float | None = None
    rows: int | None = None
    batch_rows: int = 500_000
    every: float = 1
    compact_every: float = 300


def _number(text: str, flag: str, least: float) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError as error:
        raise SettingsError(f"{flag} {text!r} is not a number") from error
    if not number >= least:
        raise SettingsError(f"{flag} {text!r} is less than {least:g}")
    if math.isinf(number):
        raise SettingsError(f"{flag} {text!r} has no end; leave it out")
    return number


def _or(number: float | None, otherwise: float) -> float:
    return otherwise if number is None else number


def limits_of(given: argparse.Namespace) -> Limits:
    """Read the options; SettingsError when one can't be used."""
    known = Limits()
    rows = _number(given.max_rows, "--max-rows", 1)
    return Limits(
        available_now=given.available_now,
        seconds=_number(given.duration, "--duration", 0),
        rows=None if rows is None else int(rows),
        batch_rows=int(_or(_number(given.batch_rows, "--batch-rows", 1), known.batch_rows)),
        every=_or(_number(given.every, "--every", 0), known.every),
        compact_every=_or(_number(given.compact_every, "--compact-every", 1), known.compact_every),
    )
