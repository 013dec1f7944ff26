"""A rate table is read completely, or refused with the wrong line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from goldrun.errors import SettingsError
from goldrun.io.sources.rates import read_rates

HEADER = "currency,valid_from,rate\n"


def test_each_line_is_a_rate(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(f"{HEADER}GBP,2024-01-01,1.15\nUSD, 2024-02-01 ,0.92000000\n")
    assert read_rates(str(file), "EUR") == [
        ("GBP", date(2024, 1, 1), Decimal("1.15")),
        ("USD", date(2024, 2, 1), Decimal("0.92")),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("currency;valid_from;rate\n", "first line"),
        (f"{HEADER}pounds,2024-01-01,1.15\n", "line 2: 'pounds' is not a currency"),
        (f"{HEADER}ZZZ,2024-01-01,1.15\n", "line 2: 'ZZZ' is not a currency"),
        (f"{HEADER}GBP,01.01.2024,1.15\n", "line 2: '01.01.2024' is not a date"),
        (f"{HEADER}GBP,2024-01-01,much\n", "'much' not a number"),
        (f"{HEADER}GBP,2024-01-01\n", "line 2: it must have 3 fields"),
        # A decimal comma does not mean a rate of 1.
        (f"{HEADER}GBP,2024-01-01,1,15\n", "line 2: it must have 3 fields"),
        (f"{HEADER}GBP,2024-01-01,0\n", "not between 0"),
        (f"{HEADER}GBP,2024-01-01,1e30\n", "'1e30' not a number"),
        (f"{HEADER}GBP,2024-01-01,1_25\n", "'1_25' not a number"),
        (f"{HEADER}GBP,2024-01-01,\u0661\n", "'\u0661' not a number"),
        (f"{HEADER}GBP,2024-01-01,99999999999\n", "not between 0"),
        (f"{HEADER}GBP,2024-01-01,NaN\n", "'NaN' not a number"),
        (f"{HEADER}GBP,2024-01-01,1.123456789\n", "at most 8 decimals"),
        (f"{HEADER}GBP,2024-01-01,1.1\nGBP,2024-01-01,1.2\n", "GBP: two rates from 2024-01-01 on"),
        (f"{HEADER}EUR,2024-01-01,1\n", "own currency"),
    ],
)
def test_a_wrong_line_is_refused_by_name(tmp_path: Path, lines: str, message: str) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(lines)
    with pytest.raises(SettingsError, match=message):
        read_rates(str(file), "EUR")


def test_a_missing_table_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.csv"):
        read_rates(str(tmp_path / "nowhere.csv"), "EUR")
