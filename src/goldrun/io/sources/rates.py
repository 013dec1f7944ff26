"""Read the exchange rates of a shop from a CSV file."""

import csv
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from goldrun.contracts.currencies import CURRENCIES
from goldrun.contracts.rates import RATES
from goldrun.contracts.text import INVISIBLE
from goldrun.errors import SettingsError

Rate = tuple[str, date, Decimal]
_SCALE = 8
_TOO_MUCH = 10**10
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


def read_rates(path: str, currency: str) -> list[Rate]:
    """Read and validate the exchange rates of a file.

    Args:
        path: A CSV file with the header ``currency,valid_from,rate``; dates as 2025-01-31, rates
            as decimals with at most 8 places.
        currency: Reporting currency of the shop; it must not be in the file.

    Returns:
        One tuple a line with the columns of ``RATES``: currency, valid_from, rate.

    Raises:
        SettingsError: The file can't be read, a line is invalid, or two lines have the same
            currency and day.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            lines = [(reader.line_num, line) for line in reader]
            header = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(
            f"rates {path} can't be read ({error}): give a CSV file in UTF-8, or remove rates from "
            "the TOML"
        ) from error
    if header != RATES.names:
        raise SettingsError(f"rates {path}: write {','.join(RATES.names)} as the first line")
    rates = [_rate(line, f"rates {path}, line {number}") for number, line in lines]
    seen: set[tuple[str, date]] = set()
    for code, since, _ in rates:
        if code == currency:
            raise SettingsError(
                f"rates {path}: {currency} is the shop's own currency; remove the line"
            )
        if (code, since) in seen:
            raise SettingsError(f"rates {path}: {code}: two rates from {since} on; remove one")
        seen.add((code, since))
    return rates


def _rate(line: Mapping[str | None, object], where: str) -> Rate:
    if None in line or None in line.values():
        raise SettingsError(f"{where}: it must have {len(RATES.names)} fields; correct the line")
    code, since, rate = (str(line[name] or "").strip(INVISIBLE) for name in RATES.names)
    if code not in CURRENCIES:
        raise SettingsError(f"{where}: {code!r} is not a currency; write an ISO 4217 code")
    try:
        first, value = date.fromisoformat(since), _decimal(rate)
    except ValueError as error:
        raise SettingsError(
            f"{where}: {since!r} is not a date, or {rate!r} not a number; write 2025-01-31 and 1.25"
        ) from error
    if not 0 < value < _TOO_MUCH or value.as_tuple().exponent < -_SCALE:  # type: ignore[operator]
        raise SettingsError(
            f"{where}: {rate!r} is not between 0 and {_TOO_MUCH:,} with at most {_SCALE} decimals; "
            "correct it"
        )
    return code, first, value


def _decimal(text: str) -> Decimal:
    # Decimal() accepts more than plain numbers: 1_25, or digits of other scripts.
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)
