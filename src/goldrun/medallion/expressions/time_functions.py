"""Functions that return times."""

from collections.abc import Sequence
from functools import partial

from goldrun.contracts.time_pattern import layouts_of
from goldrun.contracts.zones import time_zones
from goldrun.errors import did_you_mean
from goldrun.medallion.expressions.arithmetic import arithmetic, cast
from goldrun.medallion.expressions.function import Function, Parameter, literal_text_of
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Value
from goldrun.medallion.expressions.times import (
    from_fields,
    instant,
    midnight,
    to_instant,
    to_local,
)
from goldrun.medallion.expressions.values import as_text, computed, in_zone, literal_number, time_of

_VALUE = Parameter("text")
_PATTERN = Parameter("pattern", Kind.TEXT, optional=True, literal=True)
_TIME = Parameter("time", Kind.TIME)
_ZONE = Parameter("zone", Kind.TEXT, literal=True)
_FIELDS = tuple(Parameter(name, Kind.NUMBER) for name in ("year", "month", "day"))
_CLOCK = tuple(Parameter(name, Kind.NUMBER) for name in ("hour", "minute", "second"))


def _read(given: Sequence[Value], *, day: bool = False) -> Value:
    value = given[0]
    if given[1:]:
        pattern = _time_pattern(given[1])
        value = time_of(as_text(value), pattern)
        return in_zone(value, midnight) if day else value
    return cast(value, "date" if day else "timestamp", [])


def _time_pattern(value: Value) -> str:
    pattern = literal_text_of(value)
    try:
        # Refuses a pattern that is malformed or ambiguous, or has unsupported letters.
        layouts_of(pattern)
    except ValueError as error:
        raise ExpressionError(f"has a time pattern that can't be used: {error}") from error
    return pattern


def _since_1970(given: Sequence[Value], unit: str) -> Value:
    seconds = arithmetic("*", given[0], literal_number(unit)) if unit != "1" else given[0]
    return computed(Kind.TIME, [seconds], instant)


def _zone(value: Value) -> str:
    zone = literal_text_of(value)
    if zone not in time_zones():
        raise ExpressionError(
            f"has {zone!r}, which is not a time zone{did_you_mean(zone, time_zones())}"
        )
    return zone


def _to_utc(given: Sequence[Value]) -> Value:
    zone = _zone(given[1])
    return computed(Kind.TIME, given[:1], lambda c: to_instant(c, zone))


def _from_utc(given: Sequence[Value]) -> Value:
    zone = _zone(given[1])
    return computed(Kind.TIME, given[:1], lambda c: to_local(c, zone))


def _fields(given: Sequence[Value]) -> Value:
    return computed(Kind.TIME, given, lambda *numbers: from_fields([*numbers]))


def _reader(name: str, meaning: str, example: str, *, day: bool = False) -> Function:
    return Function(name, (_VALUE, _PATTERN), "time", partial(_read, day=day), meaning, example)


def _epoch(name: str, unit: str, meaning: str, example: str) -> Function:
    parameters = (Parameter("number", Kind.NUMBER),)
    return Function(name, parameters, "time", partial(_since_1970, unit=unit), meaning, example)


_BY_PATTERN = "to_timestamp(a, 'dd/MM/yyyy HH:mm')"

TIME_FUNCTIONS = (
    _reader(
        "to_timestamp",
        "The time that a text has by a pattern, or in ISO 8601: an instant where the text has a "
        "zone or an offset, else a local time of the source's zone.",
        _BY_PATTERN,
    ),
    _reader("try_to_timestamp", "As `to_timestamp`.", f"try_{_BY_PATTERN}"),
    _reader(
        "to_date",
        "The start of the day of a time; of an instant, of its day in the source's zone.",
        "to_date(a, 'dd/MM/yyyy')",
        day=True,
    ),
    _reader("try_to_date", "As `to_date`.", "try_to_date(a)", day=True),
    _reader("date", "As `to_date`.", "date(a)", day=True),
    _reader("timestamp", "As `to_timestamp`.", "timestamp(a)"),
    _epoch(
        "timestamp_seconds",
        "1",
        "The instant so many seconds after 1970-01-01T00:00:00Z, with its fraction.",
        "timestamp_seconds(try_cast(a as decimal(24,9)))",
    ),
    _epoch(
        "from_unixtime",
        "1",
        "As `timestamp_seconds`.",
        "from_unixtime(try_cast(a as bigint) / 1000)",
    ),
    _epoch(
        "timestamp_millis",
        "0.001",
        "The instant so many milliseconds after 1970-01-01T00:00:00Z.",
        "timestamp_millis(try_cast(a as bigint))",
    ),
    _epoch(
        "timestamp_micros",
        "0.000001",
        "The instant so many microseconds after 1970-01-01T00:00:00Z.",
        "timestamp_micros(try_cast(a as double))",
    ),
    Function(
        "to_utc_timestamp",
        (_TIME, _ZONE),
        "time",
        _to_utc,
        "The instant of a local time of another zone than the source's.",
        "to_utc_timestamp(cast(a as timestamp), 'America/New_York')",
    ),
    Function(
        "from_utc_timestamp",
        (_TIME, _ZONE),
        "time",
        _from_utc,
        "What clocks of a zone show at an instant, as a local time; a time without a zone counts "
        "as UTC.",
        "from_utc_timestamp(cast(a as timestamp), 'Europe/London')",
    ),
    Function(
        "make_date",
        _FIELDS,
        "time",
        _fields,
        "The start of a day, as a local time.",
        "make_date(2024, try_cast(a as int), 29)",
    ),
    Function(
        "make_timestamp",
        (*_FIELDS, *_CLOCK),
        "time",
        _fields,
        "A local time.",
        "make_timestamp(2024, 2, try_cast(a as int), 23, 59, try_cast(b as decimal(8,6)))",
    ),
)
"""Their entries of the table."""
