"""Numbers of the mapping language are decimals and keep the digits of their text."""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction

import pytest
from pyspark.sql import SparkSession

from goldrun.contracts.text import INVISIBLE
from tests.medallion.expressions.computed import compute
from tests.medallion.expressions.hostile import TEXTS, pairs

Values = Callable[..., list[str | None]]
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


@pytest.fixture(scope="module")
def values(spark: SparkSession) -> Values:
    """Compute an expression over rows of the columns a and b."""

    def of(sql: str, *rows: tuple[str, str]) -> list[str | None]:
        return compute(spark, [sql], rows)[sql]

    return of


def exactly(text: str | None) -> Fraction | None:
    """Parse a text as a number with Python's Fraction."""
    bare = (text or "").strip(INVISIBLE)
    return Fraction(bare) if _NUMBER.fullmatch(bare) else None


def is_whole(number: Fraction) -> bool:
    """Whether a number has no fractional part."""
    return number.denominator == 1


def half_up(number: Fraction, scale: int) -> Decimal:
    """Round half away from zero."""
    with localcontext(Context(prec=2000)):
        exact = abs(number) * 10**scale
        whole = int(exact) + (exact - int(exact) >= Fraction(1, 2))
        return Decimal(whole if number >= 0 else -whole).scaleb(-scale)


@pytest.mark.parametrize(("precision", "scale"), [(18, 4), (38, 18), (38, 0), (5, 2)])
def test_text_is_read_exactly_and_rounded_half_up(
    spark: SparkSession, precision: int, scale: int
) -> None:
    sql = f"try_cast(a as decimal({precision},{scale}))"
    for (text, _), value in zip(pairs(), compute(spark, [sql])[sql], strict=True):
        number = exactly(text)
        expected = None if number is None else half_up(number, scale)
        if expected is not None and abs(Fraction(expected)) >= 10 ** (precision - scale):
            expected = None
        assert (None if value is None else Decimal(value)) == expected, repr(text)


def test_a_double_equals_its_text_and_excess_digits_are_detected(
    spark: SparkSession,
) -> None:
    sql = "try_cast(a as double)"
    for (text, _), value in zip(pairs(), compute(spark, [sql])[sql], strict=True):
        number = exactly(text)
        if number is None or abs(number) >= 10**20:
            assert value is None, repr(text)
            continue
        assert value is not None
        read = Fraction(value)
        assert abs(read - number) < Fraction(1, 10**18)
        assert (read == number) == is_whole(number * 10**18), repr(text)
        for digits in (0, 2, 17):
            assert half_up(read, digits) == half_up(number, digits), repr(text)


def test_whole_numbers_are_read_in_every_notation(spark: SparkSession) -> None:
    sql = "cast(a as bigint)"
    for (text, _), value in zip(pairs(), compute(spark, [sql])[sql], strict=True):
        number = exactly(text)
        fits = number is not None and is_whole(number) and -(2**63) <= number < 2**63
        assert value == (str(int(number)) if fits and number is not None else None), repr(text)
    assert "1e2" in TEXTS


def test_a_product_of_decimal_text_is_rounded_half_up(values: Values) -> None:
    sql = "round(try_cast(a as double) * try_cast(b as double), 2)"
    rows = [("1", "1.005"), ("1", "1.255"), ("3", "0.095"), ("1", "2.00"), ("-1", "1.005")]
    assert values(sql, *rows) == ["1.01", "1.26", "0.29", "2.00", "-1.01"]


def test_a_product_that_is_too_long_is_rounded_once(values: Values) -> None:
    sql = "round(try_cast(a as double) * try_cast(b as double), 2)"
    rows = [("0.30000000000000004", "1.2000000000000002"), ("1.00499999999999999999", "1")]
    assert values(sql, *rows) == ["0.36", "1.00"]


def test_arithmetic_agrees_with_fractions(spark: SparkSession) -> None:
    signs = ("+", "-", "*", "/", "%")
    found = compute(spark, [f"try_cast(a as double) {s} try_cast(b as double)" for s in signs])
    for sign, computed in zip(signs, found.values(), strict=True):
        for (a, b), value in zip(pairs(), computed, strict=True):
            left, right = exactly(a), exactly(b)
            if left is None or right is None or max(abs(left), abs(right)) >= 10**20:
                assert value is None
            elif not all(is_whole(n * 10**18) for n in (left, right)):
                continue
            elif sign in "/%" and right == 0:
                assert value is None
            else:
                exact = result(sign, left, right)
                if abs(exact) < 10**20 - 1:
                    assert value is not None
                    assert half_up(Fraction(value), 17) == half_up(exact, 17), (a, sign, b)


def result(sign: str, left: Fraction, right: Fraction) -> Fraction:
    if sign == "%":
        whole = int(left / right)
        return left - whole * right
    return {"+": left + right, "-": left - right, "*": left * right}.get(sign) or (
        left / right if sign == "/" else Fraction(0)
    )


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("try_cast(a as decimal(18,4)) / try_cast(b as decimal(18,4))", None),
        ("try_cast(a as decimal(18,4)) % try_cast(b as decimal(18,4))", None),
        ("try_cast(a as int) div try_cast(b as int)", None),
        ("try_cast(a as bigint) * 9999999999999999999", None),
        ("try_cast(a as int) * 2", "84"),
        ("cast(try_cast(a as double) as string)", "42"),
        ("cast(try_cast(a as decimal(18,4)) as string)", "42.0000"),
        ("try_cast(a as decimal(18,4)) / 8", "5.25"),
        ("round(try_cast(a as double) / 9, 4)", "4.6667"),
        ("cast(try_cast(a as double) / 9 as int)", "4"),
        ("cast(-try_cast(a as double) / 9 as int)", "-4"),
    ],
)
def test_no_number_fails_or_overflows_silently(
    values: Values, sql: str, expected: str | None
) -> None:
    rows = [("42", "0")]
    if "99999" in sql:
        rows = [("9223372036854775807", "0")]
    assert values(sql, *rows) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1" * 5000, None),
        ("0" * 5000 + "7.5", "7.5"),
        ("0." + "3" * 5000, "0." + "3" * 18),
        ("0." + "0" * 5000 + "1", "0.000000000000000001"),
        ("1" + "0" * 30 + "e-30", "1"),
    ],
)
def test_a_number_of_thousands_of_digits_is_read_or_null(
    values: Values, text: str, expected: str | None
) -> None:
    assert values("try_cast(a as double)", (text, "")) == [expected]


@pytest.mark.parametrize(
    "sql",
    [
        "timestamp_seconds(try_cast(a as decimal(38,0)))",
        "make_date(try_cast(a as decimal(38,0)), 1, 1)",
        "make_timestamp(2024, 1, 1, 1, 1, try_cast(a as decimal(38,0)))",
    ],
)
def test_a_number_of_38_digits_is_not_a_time(values: Values, sql: str) -> None:
    assert values(sql, ("9" * 38, ""), ("-" + "9" * 38, "")) == [None, None]


@pytest.mark.parametrize("kind", ["double", "decimal(38,2)", "decimal(9,2)"])
def test_abs_keeps_every_digit(values: Values, kind: str) -> None:
    digits = 5 if kind == "decimal(9,2)" else 18
    found = values(f"abs(try_cast(a as {kind}))", ("-" + "9" * digits + ".11", ""), ("1", ""))
    assert [Decimal(str(each)) for each in found] == [Decimal("9" * digits + ".11"), Decimal(1)]


def test_a_chain_of_twenty_sums_is_computed(values: Values) -> None:
    assert values(" + ".join(["try_cast(a as int)"] * 20), ("3", "")) == ["60"]


def test_a_long_chain_of_conditions_or_texts_is_computed(values: Values) -> None:
    assert values(" or ".join(["a = 'x'"] * 98), ("x", ""), ("y", "")) == ["true", "false"]
    assert values(" || ".join(["a"] * 98), ("x", "")) == ["x" * 98]


def test_a_rounded_number_is_compared_after_rounding(values: Values) -> None:
    # In a comparison of a cast with a literal, Sail uses the value before rounding.
    sql = "round(try_cast(a as decimal(18,8)), 2) = 1.01"
    assert values(sql, ("1.005", ""), ("1.01", ""), ("1.02", "")) == ["true", "true", "false"]


def test_half_up_equals_pythons_decimal() -> None:
    for text in ("1.005", "-1.005", "0.00005", "2.5"):
        assert half_up(Fraction(text), 2) == Decimal(text).quantize(
            Decimal("0.01"), rounding=ROUND_HALF_UP
        )
