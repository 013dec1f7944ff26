"""Numbers as decimals: parsing from text, and arithmetic that is exact with every engine."""

from collections.abc import Callable
from decimal import Decimal
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.text import INVISIBLE, INVISIBLE_CLASS
from goldrun.medallion.expressions.kinds import INTEGERS, WIDE, NumberType

_SIMPLE = r"^[+-]?[0-9]{1,18}(\.[0-9]{1,18})?\z"
_SIMPLE_INTEGER = r"^[+-]?[0-9]{1,9}\z"
"""What every engine reads alike and fast."""
_AROUND = f"[{INVISIBLE_CLASS}]*"
_NUMBER = rf"^{_AROUND}([+-]?)(?:([0-9]+)(\.[0-9]*)?|(\.[0-9]+)){_AROUND}\z"
_SCIENTIFIC = rf"^{_AROUND}([+-]?)([0-9]*)(?:\.([0-9]*))?[eE]([+-]?[0-9]{{1,3}}){_AROUND}\z"
_MOST_POWER = 999
_ZEROS = "0" * _MOST_POWER


def read_number(text: Column, number: NumberType) -> Column:
    """Parse text as a decimal; null if it is no number or is too large.

    A number has ASCII digits, an optional sign and point, an optional power of ten of up to three
    digits, and optional white space around it. Further decimals than the type has are rounded half
    up; for the wide type they are cut such that later rounding stays right (see :func:`exact`).
    """
    if number.is_wide:
        is_simple = text.rlike(_SIMPLE)
        # Python, which is many times slower than an engine, reads only the others.
        others = _of_arrays(_wide_reader(INVISIBLE), number, F.when(~is_simple, text))
        return F.coalesce(F.when(is_simple, text.try_cast(number.spark)), others)
    # The first digit that is cut alone decides whether the others are rounded up.
    decisive = rf"^[+-]?[0-9]+\.[0-9]{{0,{number.scale + 1}}}"
    written = F.regexp_extract(_plain(text), decisive, 0)
    return F.when(text.rlike(_SIMPLE), text).otherwise(written).try_cast(number.spark)


def read_integer(text: Column, name: str) -> Column:
    """Parse text as an integer type; null if it has a fraction or is out of range."""
    written = F.regexp_extract(_plain(text), r"^([+-]?[0-9]+)\.0*\z", 1)
    bind_columns = F.when(text.rlike(_SIMPLE_INTEGER), text).otherwise(written)
    return whole_number(bind_columns, name)


def whole_number(value: Column, name: str) -> Column:
    """Truncate a text or a decimal to a whole number; null if it is out of the type's range."""
    return value.try_cast(name).cast(INTEGERS[name].spark)


def _plain(text: Column) -> Column:
    """Write a number without its power of ten, with digits on both sides of the point."""
    sign, whole, fraction, alone = (F.regexp_extract(text, _NUMBER, i) for i in (1, 2, 3, 4))
    part = F.coalesce(F.nullif(F.concat(fraction, alone), F.lit("")), F.lit("."))
    bind_columns = F.concat(sign, F.lit("0"), whole, part, F.lit("0"))
    return F.when(text.rlike(_NUMBER), bind_columns).otherwise(_without_power(text))


def _without_power(text: Column) -> Column:
    sign, whole, fraction, power = (F.regexp_extract(text, _SCIENTIFIC, i) for i in (1, 2, 3, 4))
    # With this many zeros around the digits, the point can move without leaving them.
    digits = F.concat(F.lit(_ZEROS), whole, fraction, F.lit(_ZEROS))
    point = F.length(whole) + power.try_cast(T.IntegerType()) + _MOST_POWER
    before = F.ltrim(F.substring(digits, F.lit(1), point), F.lit("0"))
    after = F.substring(digits, point + 1, F.length(digits))
    bind_columns = F.concat(sign, F.lit("0"), before, F.lit("."), after)
    return F.when(text.rlike(_SCIENTIFIC) & text.rlike(r"[0-9]\.?[eE]"), bind_columns)


def _wide_reader(invisible: str) -> Callable[[pa.Array], pa.Array]:
    # Nested, so that it is pickled by value: Spark's workers may lack goldrun.
    def read_all(texts: pa.Array) -> pa.Array:
        read = [None if text is None else read_one(text) for text in texts.to_pylist()]
        return pa.array(read, pa.decimal128(38, 18))

    def read_one(text: str) -> Decimal | None:
        import decimal  # noqa: PLC0415
        import re  # noqa: PLC0415

        number = r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?"
        found = re.fullmatch(number, text.strip(invisible))
        if found is None:
            return None
        sign, whole, fraction, power = (part or "" for part in found.groups())
        if not whole + fraction:
            return None
        # Shifted by 18 decimals; of the digits after that only their presence matters.
        moved = int(power or 0) - len(fraction) + 18
        # As text, because Python refuses to convert numbers of thousands of digits.
        written = whole + fraction
        kept, cut = (written[:moved], written[moved:]) if moved < 0 else (written, "")
        kept = (kept + "0" * moved).lstrip("0") or "0"
        if len(kept) > 38:
            return None
        digits = int(kept)
        if cut.strip("0") and digits % 5 == 0:
            digits += 1
        if digits >= 10**38:
            return None
        return (
            decimal.Context(prec=40)
            .scaleb(decimal.Decimal(digits), -18)
            .copy_sign(decimal.Decimal(-1 if sign == "-" and digits else 1))
        )

    return read_all


def absolute_value(value: Column, number: NumberType) -> Column:
    """Compute the absolute value of a decimal of any precision."""

    def without_sign(given: pa.Array) -> pa.Array:
        return pc.abs(given)

    return _of_arrays(without_sign, number, value)


def whole_part(value: Column, number: NumberType) -> Column:
    """Cut the decimals of a decimal of any precision."""

    def cut(given: pa.Array) -> pa.Array:
        return pc.trunc(given)

    return _of_arrays(cut, number, value)


def _of_arrays(
    function: Callable[[pa.Array], pa.Array], number: NumberType, value: Column
) -> Column:
    """Apply a function of Arrow arrays, which is much faster than a function of single values."""
    compute = F.arrow_udf(function, number.spark)  # type: ignore[attr-defined]  # not in the stubs
    return cast(Column, compute(value))


def number_text(value: Column, number: NumberType) -> Column:
    """Format a number with the decimals of its type; a wide one without trailing zeros."""
    text = value.cast(T.StringType())
    return F.rtrim(F.rtrim(text, F.lit("0")), F.lit(".")) if number.is_wide else text


def remainder(a: Column, b: Column) -> Column:
    """Divide and return the rest; null if ``b`` is 0, for which an engine may raise an error."""
    # Not abs(b) > 0, because Spark rounds abs to 34 digits, and not b <> 0, which Sail folds.
    return a % F.when(F.abs(F.signum(b)) > F.lit(0.5), b)


def exact(operator: str, left: Column, right: Column) -> Column:
    """Apply an operator to decimals exactly, in the wide type; null if the result is too large.

    A result with more decimals than the wide type has is cut, and its last digit is changed if
    needed (0 to 1, 5 to 6), so that later rounding gives the result of rounding the whole number.
    Division by zero is null.

    Args:
        operator: ``+ - * / % div``, or ``<=>`` for -1, 0, 1.
        left: A decimal.
        right: A decimal.
    """
    return F.udf(_arithmetic(operator), WIDE.spark, useArrow=True)(left, right)


def _arithmetic(operator: str) -> Callable[[Decimal | None, Decimal | None], Decimal | None]:
    # Nested, so that it is pickled by value: Spark's workers may lack goldrun.
    def compute(left: Decimal | None, right: Decimal | None) -> Decimal | None:
        import decimal  # noqa: PLC0415

        if left is None or right is None:
            return None
        context = decimal.Context(prec=200)
        # Integers in units of the 38th decimal, the smallest of any type.
        a, b, unit = int(context.scaleb(left, 38)), int(context.scaleb(right, 38)), 10**38
        if operator in ("/", "%", "div") and b == 0:
            return None
        whole = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0
        top, bottom = {
            "+": (a + b, unit),
            "-": (a - b, unit),
            "*": (a * b, unit * unit),
            "/": (a, b),
            "%": (a - whole * b, unit),
            "div": (whole, 1),
            "<=>": ((a > b) - (a < b), 1),
        }[operator]
        digits, rest = divmod(abs(top) * 10**18, abs(bottom))
        if rest and digits % 5 == 0:
            digits += 1
        if digits >= 10**38:
            return None
        return context.scaleb(
            decimal.Decimal(digits if (top < 0) == (bottom < 0) else -digits), -18
        )

    return compute
