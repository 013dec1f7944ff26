"""Duration of a stream, and size of its micro-batches."""

import argparse
import math
from dataclasses import dataclass

from goldrun.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """When a stream ends, and the size of its micro-batches.

    Attributes:
        available_now: Whether to read the records that are available now, and end.
        seconds: Duration; no limit when None.
        rows: Number of records after which it ends; a file is read completely. No limit when None.
        batch_rows: Largest number of messages in a micro-batch.
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
        raise SettingsError(f"{flag} {text!r} is not finite; omit {flag}")
    return number


def _or(number: float | None, otherwise: float) -> float:
    return otherwise if number is None else number


def limits_of(given: argparse.Namespace) -> Limits:
    """Read the options; SettingsError if one is invalid."""
    default = Limits()
    rows = _number(given.max_rows, "--max-rows", 1)
    return Limits(
        available_now=given.available_now,
        seconds=_number(given.duration, "--duration", 0),
        rows=None if rows is None else int(rows),
        batch_rows=int(_or(_number(given.batch_rows, "--batch-rows", 1), default.batch_rows)),
        every=_or(_number(given.every, "--every", 0), default.every),
        compact_every=_or(
            _number(given.compact_every, "--compact-every", 1), default.compact_every
        ),
    )
