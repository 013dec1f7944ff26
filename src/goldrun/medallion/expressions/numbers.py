"""Numbers are decimals: how text is read as one, and arithmetic that is exact in every engine."""

from collections.abc import Callable
from decimal import Decimal

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
    """Read text as a decimal; null where it is no number or is too large.

    ASCII digits with an optional sign, point and power of ten of up to three digits, and white
    space around. What has more decimals than the type is rounded half up; into the wide type it is
    cut so that it stays known to be longer.
    """
    if number.is_wide:
        return F.udf(_reader(INVISIBLE), number.spark, useArrow=True)(text)
    # The first digit that is left out decides alone whether the others are rounded up.
    decisive = rf"^[+-]?[0-9]+\.[0-9]{{0,{number.scale + 1}}}"
    written = F.regexp_extract(_plain(text), decisive, 0)
    return F.when(text.rlike(_SIMPLE), text).otherwise(written).try_cast(number.spark)


def read_integer(text: Column, name: str) -> Column:
    """Read text as a whole number of an integer type; null where it has a fraction."""
    written = F.regexp_extract(_plain(text), r"^([+-]?[0-9]+)\.0*\z", 1)
    plain = F.when(text.rlike(_SIMPLE_INTEGER), text).otherwise(written)
    return whole_number(plain, name)


def whole_number(value: Column, name: str) -> Column:
    """A text or a decimal, cut to a whole number; null where the integer type has it not."""
    return value.try_cast(name).cast(INTEGERS[name].spark)


def _plain(text: Column) -> Column:
    """Write a number without its power of ten, with digits on both sides of the point."""
    sign, whole, fraction, alone = (F.regexp_extract(text, _NUMBER, i) for i in (1, 2, 3, 4))
    part = F.coalesce(F.nullif(F.concat(fraction, alone), F.lit("")), F.lit("."))
    plain = F.concat(sign, F.lit("0"), whole, part, F.lit("0"))
    return F.when(text.rlike(_NUMBER), plain).otherwise(_without_power(text))


def _without_power(text: Column) -> Column:
    sign, whole, fraction, power = (F.regexp_extract(text, _SCIENTIFIC, i) for i in (1, 2, 3, 4))
    # Between so many zeros the point has digits on both sides, wherever it moves to.
    digits = F.concat(F.lit(_ZEROS), whole, fraction, F.lit(_ZEROS))
    point = F.length(whole) + power.try_cast(T.IntegerType()) + _MOST_POWER
    before = F.ltrim(F.substring(digits, F.lit(1), point), F.lit("0"))
    after = F.substring(digits, point + 1, F.length(digits))
    plain = F.concat(sign, F.lit("0"), before, F.lit("."), after)
    return F.when(text.rlike(_SCIENTIFIC) & text.rlike(r"[0-9]\.?[eE]"), plain)


def _reader(invisible: str) -> Callable[[str | None], Decimal | None]:
    # Nested, so that it travels to Spark's workers by value: they may lack goldrun.
    def read(text: str | None) -> Decimal | None:
        import decimal  # noqa: PLC0415
        import re  # noqa: PLC0415

        number = r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?"
        found = re.fullmatch(number, (text or "").strip(invisible))
        if found is None:
            return None
        sign, whole, fraction, power = (part or "" for part in found.groups())
        if not whole + fraction:
            return None
        # Moved by 18 decimals; what is still behind the point then is only known to be there.
        moved = int(power or 0) - len(fraction) + 18
        # As text, because Python refuses to make numbers of thousands of digits.
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

    return read


def absolute(value: Column, number: NumberType) -> Column:
    """A number without its sign, however many digits it has."""

    def without_sign(given: Decimal | None) -> Decimal | None:
        return None if given is None else given.copy_abs()

    return F.udf(without_sign, number.spark, useArrow=True)(value)


def number_text(value: Column, number: NumberType) -> Column:
    """Write a number: with the decimals of its type, a wide one with those that it has."""
    text = value.cast(T.StringType())
    return F.rtrim(F.rtrim(text, F.lit("0")), F.lit(".")) if number.is_wide else text


def exact(operator: str, left: Column, right: Column) -> Column:
    """Compute with numbers of any type, in the wide type; null where the result is too large.

    A result with more decimals than the wide type keeps is cut, and its last digit is set to one
    that rounds as the whole would (a 0 becomes 1, a 5 becomes 6). Division by zero is null.

    Args:
        operator: ``+ - * / % div``, or ``<=>`` for -1, 0, 1.
        left: A decimal.
        right: A decimal.
    """
    return F.udf(_arithmetic(operator), WIDE.spark, useArrow=True)(left, right)


def _arithmetic(operator: str) -> Callable[[Decimal | None, Decimal | None], Decimal | None]:
    # Nested, so that it travels to Spark's workers by value: they may lack goldrun.
    def compute(left: Decimal | None, right: Decimal | None) -> Decimal | None:
        import decimal  # noqa: PLC0415

        if left is None or right is None:
            return None
        context = decimal.Context(prec=200)
        # Whole numbers of the 38th decimal, of which no type has more.
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
