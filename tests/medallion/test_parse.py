"""Text is parsed exactly or rejected with a reason, and never changed silently."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.entities import MONEY
from goldrun.contracts.table import Column, Standard
from goldrun.contracts.time_formats import TimeFormat
from goldrun.medallion.parse import parse

NUMBER = Column("n", T.IntegerType(), "A count.")
AMOUNT = Column("m", MONEY, "Money.")
MOMENT = Column("t", T.TimestampType(), "A time.")
WORD = Column("w", T.StringType(), "A word.")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Outcome = tuple[Any, set[str]]


def outcomes(
    spark: SparkSession,
    column: Column,
    texts: list[str | None],
    timezone: str | None = None,
    pattern: TimeFormat = None,
    **how: Any,
) -> dict[str | None, Outcome]:
    """Return value and faults of each text; a time as UTC."""
    frame = spark.createDataFrame(
        [(text, text) for text in texts], f"raw string, {column.name} string"
    )
    parsed = parse(frame, column, timezone, pattern, **how)
    value = parsed.value
    if isinstance(column.type, T.TimestampType):
        value = F.unix_micros(value)
    names = list(parsed.faults)
    rows = frame.select("raw", value, *[F.coalesce(parsed.faults[n], F.lit(False)) for n in names])
    found: dict[str | None, Outcome] = {}
    for raw, stored, *faults in rows.collect():
        is_time = isinstance(column.type, T.TimestampType) and stored is not None
        result = EPOCH + timedelta(microseconds=stored) if is_time else stored
        found[raw] = (result, {n for n, is_so in zip(names, faults, strict=True) if is_so})
    return found


def expected_outcomes(expected: Mapping[Any, Any]) -> dict[str | None, Outcome]:
    """Expand expectations: a set means null with these faults, another value has no fault."""
    return {
        raw: (None, outcome) if isinstance(outcome, set) else (outcome, set())
        for raw, outcome in expected.items()
    }


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_whole_number_is_parsed_or_rejected(spark: SparkSession) -> None:
    unparsed = {"n_unparsed"}
    table = {
        "7": 7,
        "-7": -7,
        "+7": 7,
        "007": 7,
        " 7 ": 7,
        "2147483647": 2147483647,
        "2147483648": unparsed,
        "7.5": unparsed,
        "7 pieces": unparsed,
        "seven": unparsed,
        "1,000": unparsed,
        "NaN": unparsed,
        "0x10": unparsed,
        "": None,
        "   ": None,
        None: None,
    }
    assert outcomes(spark, NUMBER, list(table)) == expected_outcomes(table)


def test_money_has_four_decimals_or_is_rejected(spark: SparkSession) -> None:
    unparsed = {"m_unparsed"}
    table = {
        "2.55": Decimal("2.5500"),
        "0.0001": Decimal("0.0001"),
        "-11062.06": Decimal("-11062.0600"),
        "1e3": Decimal("1000.0000"),
        "-2.5E-1": Decimal("-0.2500"),
        "+.5e+2\t": Decimal("50.0000"),
        " 4.25": Decimal("4.2500"),
        "1.50000000": Decimal("1.5000"),
        "99999999999999.9999": Decimal("99999999999999.9999"),
        "100000000000000": unparsed,
        "5.": Decimal("5.0000"),
        "1e400": unparsed,
        "1e-1000": unparsed,
        "1_000": unparsed,
        "0x10": unparsed,
        "--5": unparsed,
        "1d": unparsed,
        "NaN": unparsed,
        "Infinity": unparsed,
        "-inf": unparsed,
        "2,55": unparsed,
        "£2.55": unparsed,
        "": None,
        " ": None,
        None: None,
    }
    assert outcomes(spark, AMOUNT, list(table)) == expected_outcomes(table)


@pytest.mark.parametrize(
    "text", ["1.23456", "-0.00001", "1e-5", "1e-30", "1e-400", "0." + "0" * 25 + "1"]
)
def test_money_with_too_many_decimals_is_rejected(spark: SparkSession, text: str) -> None:
    assert outcomes(spark, AMOUNT, [text])[text][1] == {"m_digits_lost"}


NOISE = {
    "118.22999999999999": "118.23",
    "-118.23000000000002": "-118.23",
    "0.30000000000000004": "0.3",
    "1.0000000000000000001": "1",
    "0.99999999999999989": "1",
    "0.00009999999999999999": "0.0001",
    "5.551115123125783e-17": "0",
    "-1.4210854715202004e-14": "0",
    "1.1822999999999999e2": "118.23",
    "0000118.22999999999999": "118.23",
    "1234567890.1233999": "1234567890.1234",
}


def test_the_noise_of_a_double_is_rounded(spark: SparkSession) -> None:
    expected: dict[str | None, Any] = {
        text: Decimal(meant).quantize(Decimal("0.0001")) for text, meant in NOISE.items()
    }
    assert outcomes(spark, AMOUNT, list(expected)) == expected_outcomes(expected)


TRUE_DIGITS = ("118.2299999999", "118.229949999999999", "1.00001", "0.1234500000000000", "1e-11")


def test_true_digits_are_rejected_unless_the_source_rounds(spark: SparkSession) -> None:
    texts: list[str | None] = list(TRUE_DIGITS)
    for text, (_, faults) in outcomes(spark, AMOUNT, texts).items():
        assert faults == {"m_digits_lost"}, text
    rounded = outcomes(spark, AMOUNT, [*texts, "-2.00005", "x"], rounds=True)
    assert rounded.pop("x") == (None, {"m_unparsed"})
    for text, (value, faults) in rounded.items():
        exact = Decimal(str(text)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert (value, faults) == (exact, set()), text


def is_noise(number: Decimal) -> bool:
    """Whether it has more than 15 digits, and no fifth decimal once rounded to 15."""
    if number.adjusted() + 1 + 4 >= 15:
        return False
    kept = Context(prec=15, rounding=ROUND_HALF_UP).plus(number)
    return kept == kept.quantize(Decimal("0.0001"))


@given(
    st.lists(
        st.tuples(
            st.decimals(
                min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False
            ),
            st.integers(min_value=-2, max_value=2),
        ),
        min_size=60,
        max_size=80,
    )
)
@settings(
    max_examples=3,
    deadline=None,
    # A failing draw of so many numbers takes minutes to shrink, and names its number anyway.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_double_next_to_a_value_is_that_value(
    spark: SparkSession, drawn: list[tuple[Decimal, int]]
) -> None:
    texts: dict[str | None, Decimal] = {}
    for number, steps in drawn:
        near = float(number)
        for _ in range(abs(steps)):
            near = math.nextafter(near, math.copysign(math.inf, steps))
        if number:
            texts[repr(near)] = number
    for text, (value, faults) in outcomes(spark, AMOUNT, list(texts)).items():
        assert (value, faults) == (texts[text], set()), text


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.decimals(
            min_value=-(10**13), max_value=10**13, allow_nan=False, allow_infinity=False, places=6
        ),
        min_size=30,
        max_size=60,
        unique=True,
    )
)
def test_a_value_without_a_fault_equals_its_text(
    spark: SparkSession, numbers: list[Decimal]
) -> None:
    found = outcomes(spark, AMOUNT, [f"{number:f}" for number in numbers])
    for text, (value, faults) in found.items():
        assert text is not None
        number = Decimal(text)
        fits = number == number.quantize(Decimal("0.0001")) or is_noise(number)
        assert faults == (set() if fits else {"m_digits_lost"})
        assert not fits or value == number.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def test_text_loses_only_leading_and_trailing_space(spark: SparkSession) -> None:
    table = {
        " a  b ": "a  b",
        "C100\t": "C100",
        "\u00a0C100\u3000": "C100",
        "\ufeff\u200b\u202fC1\u200b00\u2060\0": "C1\u200b00",
        "\u00a0\u200d\u0085": None,
        **{"": None, "  ": None, "NULL": "NULL", "0": "0", None: None},
    }
    assert outcomes(spark, WORD, list(table)) == expected_outcomes(table)


def test_a_space_of_any_kind_separates_the_words_of_a_category(spark: SparkSession) -> None:
    column = Column("c", T.StringType(), "A category.", standard=Standard.CATEGORY)
    texts: list[str | None] = [f"Credit{space}Card" for space in " \t\u00a0\u202f\u3000_-"]
    texts += ["credit \u200b\u00a0 card", "\u00a0CREDIT-CARD\ufeff"]
    assert outcomes(spark, column, texts) == expected_outcomes(dict.fromkeys(texts, "credit_card"))


def test_digits_of_other_scripts_are_not_numbers(spark: SparkSession) -> None:
    texts: list[str | None] = ["\u0661\u0662", "\uff11\uff12", "1\u0660"]
    assert outcomes(spark, NUMBER, texts) == expected_outcomes(
        {key: {"n_unparsed"} for key in texts}
    )
    assert outcomes(spark, AMOUNT, texts) == expected_outcomes(
        {key: {"m_unparsed"} for key in texts}
    )


ZONED = {
    "2011-07-01T10:00:00Z": utc("2011-07-01 10:00:00"),
    "2011-07-01 10:00:00+00:00": utc("2011-07-01 10:00:00"),
    "2011-07-01T10:00:00+02:00": utc("2011-07-01 08:00:00"),
    "2011-07-01T10:00:00-05:30": utc("2011-07-01 15:30:00"),
    "2011-07-01 10:00:00 UTC": utc("2011-07-01 10:00:00"),
    "2011-07-01T10:00:00.123456Z": utc("2011-07-01 10:00:00.123456"),
    " 2011-07-01T10:00:00Z ": utc("2011-07-01 10:00:00"),
}


@pytest.mark.parametrize("timezone", [None, "Europe/London", "Asia/Tokyo"])
def test_a_time_with_a_zone_does_not_depend_on_the_declared_zone(
    spark: SparkSession, timezone: str | None
) -> None:
    assert outcomes(spark, MOMENT, list(ZONED), timezone) == expected_outcomes(ZONED)


@pytest.mark.parametrize(
    "text",
    [
        "2011-07-01 10:00:00 Europe/London",
        "2011-07-01 10:00:00 Asia/Tokyo",
        "2011-07-01T10:00:00+9:00",
    ],
)
def test_a_zone_in_another_notation_is_not_applied_twice(spark: SparkSession, text: str) -> None:
    truth = {
        "2011-07-01 10:00:00 Europe/London": utc("2011-07-01 09:00:00"),
        "2011-07-01 10:00:00 Asia/Tokyo": utc("2011-07-01 01:00:00"),
        "2011-07-01T10:00:00+9:00": utc("2011-07-01 01:00:00"),
    }[text]
    value, faults = outcomes(spark, MOMENT, [text], "Europe/London")[text]
    assert faults or value == truth


def test_a_time_without_a_zone_is_the_shops_wall_clock_in_summer_and_winter(
    spark: SparkSession,
) -> None:
    table = {
        "2011-07-01 10:00:00": utc("2011-07-01 09:00:00"),
        "2011-01-01 10:00:00": utc("2011-01-01 10:00:00"),
        "2011-03-27 00:59:59": utc("2011-03-27 00:59:59"),
        "2011-03-27 02:00:00": utc("2011-03-27 01:00:00"),
        "2011-07-01": utc("2011-06-30 23:00:00"),
        "2011-07-01T00:30": utc("2011-06-30 23:30:00"),
    }
    assert outcomes(spark, MOMENT, list(table), "Europe/London") == expected_outcomes(table)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.lists(
        st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001
        min_size=40,
        max_size=60,
    ),
)
def test_local_times_agree_with_the_time_zone_database(
    spark: SparkSession, zone: str, times: list[datetime]
) -> None:
    local = [time.replace(microsecond=0, tzinfo=ZoneInfo(zone)) for time in times]
    # A local time that occurs twice or never is ambiguous.
    clear = [t for t in local if t.utcoffset() == t.replace(fold=1).utcoffset()]
    found = outcomes(spark, MOMENT, [f"{t:%Y-%m-%d %H:%M:%S}" for t in clear], zone)
    assert found == {f"{t:%Y-%m-%d %H:%M:%S}": (t.astimezone(UTC), set()) for t in clear}


@pytest.mark.parametrize("timezone", [None, "Europe/London"])
def test_a_time_has_microseconds_or_is_rejected(spark: SparkSession, timezone: str | None) -> None:
    texts = {
        "2011-07-01T10:00:00.123456Z": utc("2011-07-01 10:00:00.123456"),
        "2011-07-01T10:00:00.123456000Z": utc("2011-07-01 10:00:00.123456"),
        "2011-07-01 10:00:00.000000000 UTC": utc("2011-07-01 10:00:00"),
        "2011-07-01T10:00:00.1+02:00": utc("2011-07-01 08:00:00.1"),
    }
    assert outcomes(spark, MOMENT, list(texts), timezone) == expected_outcomes(texts)
    lost: list[str | None] = [
        "2011-07-01T10:00:00.1234567Z",
        "2011-07-01T10:00:00.123456001Z",
        "2011-07-01 10:00:00.0000000001+02:00",
        "2011-07-01 10:00:00.000000010 UTC",
    ]
    found = outcomes(spark, MOMENT, lost, timezone)
    assert {text: faults for text, (_, faults) in found.items()} == {
        text: {"t_digits_lost"} for text in lost
    }


@pytest.mark.parametrize(
    ("pattern", "kept", "lost"),
    [
        (
            "dd/MM/yyyy HH:mm:ss.SSSSSSSSS",
            "01/07/2011 10:00:00.123456000",
            "01/07/2011 10:00:00.123456700",
        ),
        (
            "yyyyMMdd'T'HHmmss[,SSSSSSSSS]",
            "20110701T100000,123456000",
            "20110701T100000,123456001",
        ),
        ("yyyyMMdd HHmmssSSSSSSSSS", "20110701 100000123456000", "20110701 100000123456001"),
    ],
)
def test_a_declared_pattern_loses_no_digits_of_a_second(
    spark: SparkSession, pattern: str, kept: str, lost: str
) -> None:
    found = outcomes(spark, MOMENT, [kept, lost], "UTC", pattern)
    assert found[kept] == (utc("2011-07-01 10:00:00.123456"), set())
    assert found[lost][1] == {"t_digits_lost"}


def test_a_local_time_is_rejected_without_a_declared_zone(spark: SparkSession) -> None:
    bare, unparsed = {"t_without_zone"}, {"t_unparsed"}
    table = {
        "2011-07-01 10:00:00": bare,
        "2011-07-01": bare,
        "2011-07-01T10:00:00Z": utc("2011-07-01 10:00:00"),
        "yesterday": unparsed,
        "": None,
        None: None,
    }
    assert outcomes(spark, MOMENT, list(table)) == expected_outcomes(table)


@pytest.mark.parametrize("timezone", [None, "Europe/London"])
def test_text_that_is_not_a_time_is_rejected_as_unparsed(
    spark: SparkSession, timezone: str | None
) -> None:
    texts = [
        "2011-13-01 10:00:00",
        "2011-02-30",
        "01/07/2011 10:00",
        "25:00",
        "noon",
        "1309514400000x",
    ]
    table = {text: {"t_unparsed"} for text in texts}
    assert outcomes(spark, MOMENT, list(table), timezone) == expected_outcomes(table)


def test_a_time_of_day_without_a_date_is_not_read_as_today(spark: SparkSession) -> None:
    found = outcomes(spark, MOMENT, ["10:00:00", "T10:00:00Z"], "Europe/London")
    assert [value for value, _ in found.values()] == [None, None]


def test_times_of_a_declared_pattern_are_read_in_the_declared_zone(spark: SparkSession) -> None:
    table = {
        "01/07/2011 10:00": utc("2011-07-01 09:00:00"),
        "01/12/2011 10:00": utc("2011-12-01 10:00:00"),
        "2011-07-01 10:00:00": {"t_unparsed"},
        "31/02/2011 10:00": {"t_unparsed"},
    }
    assert outcomes(
        spark, MOMENT, list(table), "Europe/London", "dd/MM/yyyy HH:mm"
    ) == expected_outcomes(table)


def test_the_zone_of_a_value_wins_over_the_declared_one(spark: SparkSession) -> None:
    table = {"01/07/2011 10:00 +0200": utc("2011-07-01 08:00:00")}
    assert outcomes(
        spark, MOMENT, list(table), "Europe/London", "dd/MM/yyyy HH:mm xx"
    ) == expected_outcomes(table)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("HH:mm dd-MM-yyyy", "10:00 01-07-2011"), ("HH:mm yyyy-MM-dd", "10:00 2011-07-01")],
)
def test_a_date_at_the_end_is_not_mistaken_for_a_zone(
    spark: SparkSession, pattern: str, text: str
) -> None:
    table = {text: utc("2011-07-01 09:00:00")}
    assert outcomes(spark, MOMENT, list(table), "Europe/London", pattern) == expected_outcomes(
        table
    )


def test_a_value_of_the_columns_type_is_unchanged(spark: SparkSession) -> None:
    frame = spark.range(1).select(F.lit("2.5").cast(MONEY).alias("m"))
    parsed = parse(frame, AMOUNT, None, None)
    assert parsed.faults == {}
    assert frame.select(parsed.value).collect()[0][0] == Decimal("2.5000")


def test_a_product_with_too_many_decimals_is_checked_like_text(spark: SparkSession) -> None:
    product = F.lit("0.001").cast(MONEY) * F.lit("0.5").cast(MONEY)
    frame = spark.range(1).select(product.alias("m"))
    parsed = parse(frame, AMOUNT, None, None)
    assert frame.select(parsed.faults["m_digits_lost"]).collect()[0][0] is False
    frame = spark.range(1).select(
        (F.lit("0.0005").cast(MONEY) * F.lit("0.5").cast(MONEY)).alias("m")
    )
    parsed = parse(frame, AMOUNT, None, None)
    assert frame.select(parsed.faults["m_digits_lost"]).collect()[0][0] is True


EPOCH_NUMBERS = {
    "epoch_s": ("1704067200", "1704067200.5", "-1.25", "0", "1704067200.1234560"),
    "epoch_ms": ("1704067200123", "1704067200123.25", "-1", "1704067200123.0"),
    "epoch_us": ("1704067200123456", "-1", "1704067200123456.00"),
}
NO_EPOCH_NUMBERS = ("", "soon", "1.7e9", "9" * 21, "2024-01-01", "--1")


@pytest.mark.parametrize("unit", EPOCH_NUMBERS)
@pytest.mark.parametrize("timezone", [None, "Europe/London"])
def test_a_declared_number_since_1970_is_an_instant(
    spark: SparkSession, unit: str, timezone: str | None
) -> None:
    power = {"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0}[unit]
    expected: dict[str | None, Any] = {
        text: EPOCH + timedelta(microseconds=int(Decimal(text).scaleb(power)))
        for text in EPOCH_NUMBERS[unit]
    }
    expected |= {text: {"t_unparsed"} for text in NO_EPOCH_NUMBERS if text}
    found = outcomes(spark, MOMENT, list(expected), timezone, unit)
    assert found == expected_outcomes(expected)


def test_a_number_since_1970_with_more_than_microseconds_has_lost_digits(
    spark: SparkSession,
) -> None:
    for unit, text in (("epoch_s", "1.0000001"), ("epoch_ms", "1.0001"), ("epoch_us", "1.5")):
        assert outcomes(spark, MOMENT, [text], None, unit)[text][1] == {"t_digits_lost"}


def test_the_first_format_that_a_text_has_applies(spark: SparkSession) -> None:
    formats = ("dd/MM/yyyy", "MM/dd/yyyy HH:mm", "iso", "epoch_ms")
    expected: dict[str | None, Any] = {
        "04/05/2024": utc("2024-05-04 00:00:00"),
        "04/05/2024 10:30": utc("2024-04-05 10:30:00"),
        "2024-05-04T10:30:00Z": utc("2024-05-04 10:30:00"),
        "2024-05-04 10:30": utc("2024-05-04 10:30:00"),
        "1714818600000": utc("2024-05-04 10:30:00"),
        "12/31/2024": {"t_unparsed"},
        "soon": {"t_unparsed"},
    }
    found = outcomes(spark, MOMENT, list(expected), "UTC", formats)
    assert found == expected_outcomes(expected)
    ambiguous = ("dd/MM/yyyy", "MM/dd/yyyy")
    both = outcomes(spark, MOMENT, ["04/05/2024", "12/31/2024"], "UTC", ambiguous)
    assert both["04/05/2024"] == (utc("2024-05-04 00:00:00"), set())
    assert both["12/31/2024"] == (utc("2024-12-31 00:00:00"), set())
