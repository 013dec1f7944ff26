"""Parse text as decimals of a column: exactly, or with a fault; the noise of doubles is rounded."""

from functools import lru_cache

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import quarantine_reasons
from goldrun.contracts.table import Column
from goldrun.medallion.parsed import Parsed

_PLAIN = r"\A[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\z"
_SCIENTIFIC = r"\A([+-]?)([0-9]*)\.?([0-9]*)[eE]([+-]?[0-9]{1,3})\z"
_ZEROS_BEFORE = r"\A([+-]?)0+([0-9])"
_DIGITS_BEHIND = r"(\.[0-9]{20})[0-9]+\z"
_MOST_CAST = 30
_MOST_POWER = 999
_EXACT_DIGITS = 15
"""Significant digits that every double keeps; its further digits may be noise."""
_NOISE_OF_ZERO = r"\.0{10,}[1-9][0-9]{14,}"
"""What sums of doubles leave where the result is 0, as 5.551115123125783e-17."""


def plain_number(text: SparkColumn) -> SparkColumn:
    """Write a number without a power of ten; null if the text is no number."""
    return F.when(text.rlike(_PLAIN), text).when(text.rlike(_SCIENTIFIC), _without_power(text))


def parse_decimal(
    text: SparkColumn, plain: SparkColumn, column: Column, kind: T.DecimalType, *, rounds: bool
) -> Parsed:
    """Parse a number.

    Args:
        text: The text; null if it is empty.
        plain: ``plain_number(text)``.
        column: Contract of the column.
        kind: Its type.
        rounds: Whether a number with more decimals than the type stores is rounded half up, and
            not a fault.

    Returns:
        The value, and the faults ``<name>_unparsed`` and ``<name>_digits_lost``. A number that a
        double differs from a value of the type only by its noise is that value (``noise_of``).
    """
    # Some engines do not cast a number of hundreds of digits.
    short = F.regexp_replace(plain, _ZEROS_BEFORE, "$1$2")
    short = F.regexp_replace(short, _DIGITS_BEHIND, "$1")
    value = F.when(F.length(plain) > _MOST_CAST, short).otherwise(plain).try_cast(kind)
    faults = {quarantine_reasons.unparsed(column): text.isNotNull() & value.isNull()}
    if not rounds:
        # Few numbers have so many characters after the point; only these are matched, which is
        # expensive.
        is_long = F.length(plain) - F.instr(plain, ".") > kind.scale
        lost = value.isNotNull() & plain.rlike(rf"\.[0-9]{{{kind.scale}}}[0-9]*[1-9]")
        lost &= ~plain.rlike(noise_of(kind.scale))
        faults[quarantine_reasons.digits_lost(column)] = F.when(is_long, lost)
    return Parsed(value, text.isNull(), faults)


@lru_cache
def noise_of(scale: int) -> str:
    """Return the regular expression of numbers whose further decimals are noise of a double.

    Rounded to 15 significant digits, which every double keeps, such a number has no further
    decimals: 118.22999999999999 is 118.23. It is written with at least 16 digits. A number below
    1e-10 with at least 15 digits is the noise of 0.

    Args:
        scale: Decimals of the column.
    """
    ways = [
        rf"[1-9][0-9]{{{whole - 1}}}\.[0-9]{{{scale}}}{_rest(_EXACT_DIGITS - whole - scale)}"
        for whole in range(1, _EXACT_DIGITS - scale)
    ]
    ways += [
        rf"\.0{{{zeros}}}[1-9][0-9]{{{scale - zeros - 1}}}{_rest(_EXACT_DIGITS + zeros - scale)}"
        for zeros in range(scale)
    ]
    nearly_one_unit = rf"\.0{{{scale}}}9{{{_EXACT_DIGITS}}}[5-9]"
    alternatives = "|".join([*ways, nearly_one_unit, _NOISE_OF_ZERO])
    return rf"\A[+-]?0*(?:{alternatives})[0-9]*\z"


def _rest(digits: int) -> str:
    """Digits of noise: zeros and a digit that is rounded down, or nines and one rounded up."""
    return rf"(?:0{{{digits}}}[0-4]|9{{{digits}}}[5-9])"


def _without_power(text: SparkColumn) -> SparkColumn:
    """Write a number without its power of ten, because some engines do not cast ``1.5e3``."""
    sign, whole, fraction, power = (
        F.regexp_extract(text, _SCIENTIFIC, group) for group in (1, 2, 3, 4)
    )
    # With these zeros the point has digits on both sides for every power.
    zeros = "0" * _MOST_POWER
    digits = F.concat(F.lit(zeros), whole, fraction, F.lit(zeros))
    point = F.length(whole) + power.try_cast(T.IntegerType()) + _MOST_POWER
    before = F.ltrim(F.substring(digits, F.lit(1), point), F.lit("0"))
    after = F.rtrim(F.substring(digits, point + 1, F.length(digits)), F.lit("0"))
    number = F.concat(sign, F.lit("0"), before, F.lit("."), after, F.lit("0"))
    return F.when(F.length(F.concat(whole, fraction)) > 0, number)
