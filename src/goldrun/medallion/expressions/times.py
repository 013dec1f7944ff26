"""Times as ISO 8601 text: with ``Z`` at the end an instant, without it a local time."""

from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

_SECONDS = "yyyy-MM-dd'T'HH:mm:ss"
_STARTS_WITH_DATE = r"^\d{4}-\d{1,2}-\d{1,2}"
_ZONED = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*[A-Za-z+-].*$"


def iso_text(text: Column, pattern: str | None) -> Column:
    """ISO 8601 text of a time; null where the text is none.

    Args:
        text: Text of a file.
        pattern: Spark pattern; ISO 8601 when None.
    """
    trimmed = F.trim(text)
    if pattern is None:
        is_date = trimmed.rlike(_STARTS_WITH_DATE) & ~trimmed.startswith("0000")
        read = F.when(is_date, trimmed.try_cast(T.TimestampType()))
        zone = F.when(trimmed.rlike(_ZONED), F.lit("Z")).otherwise(F.lit(""))
    else:
        read = F.try_to_timestamp(trimmed, F.lit(pattern))
        zone = F.lit("Z" if set("VzOXxZ") & set(pattern) else "")
    return F.concat(F.date_format(read, f"{_SECONDS}.SSSSSS"), zone)


def midnight(time: Column) -> Column:
    """The start of a local time's day; null for an instant, whose day depends on a zone."""
    day = F.concat(F.substring(time, 1, 10), F.lit("T00:00:00"))
    return F.when(~time.endswith("Z"), day)


def instant(seconds: Column) -> Column:
    """The instant so many seconds after 1970-01-01T00:00:00Z, with every digit of the fraction.

    Null outside of the years 1 to 9999.
    """

    def write(number: Decimal | None) -> str | None:
        import datetime  # noqa: PLC0415

        if number is None:
            return None
        whole = int(number // 1) - (number < 0 and number % 1 != 0)
        rest = f"{number - whole:f}".partition(".")[2].rstrip("0")
        start = datetime.datetime(1970, 1, 1)  # noqa: DTZ001
        try:
            time = (start + datetime.timedelta(seconds=whole)).isoformat()
        except OverflowError:
            return None
        return f"{time}.{rest}Z" if rest else f"{time}Z"

    return F.udf(write, T.StringType(), useArrow=True)(seconds)


def to_instant(time: Column, zone: str) -> Column:
    """The instant of a local time of a zone; an instant stays as it is."""
    moved = F.to_utc_timestamp(_wall(time), zone)
    shown = F.concat(_written(moved, time), F.lit("Z"))
    return F.when(time.endswith("Z"), time).otherwise(shown)


def to_local(time: Column, zone: str) -> Column:
    """What clocks of a zone show at an instant; a time without a zone counts as UTC."""
    return _written(F.from_utc_timestamp(_wall(time), zone), time)


def _wall(time: Column) -> Column:
    # Moved out of the years 1 to 9999 it would not be a time of every engine.
    has_room = F.substring(time, 1, 4).between("0002", "9998")
    shown = F.substring(time, 1, len("2024-01-01T00:00:00"))
    return F.when(has_room, shown.try_cast(T.TimestampType()))


def _written(moved: Column, time: Column) -> Column:
    return F.concat(F.date_format(moved, _SECONDS), F.regexp_extract(time, r"\.[0-9]+", 0))


def from_fields(fields: list[Column]) -> Column:
    """A local time of the texts of year, month, day, and of hour, minute and second if given."""
    year, month, day, *clock = fields
    # Filling up would cut what is longer.
    date = F.concat_ws("-", _filled(year, 4), _filled(month, 2), _filled(day, 2))
    if not clock:
        return _if_all(fields[:3], iso_text(date, None))
    hour, minute, second = clock
    whole = F.substring_index(second, ".", 1)
    rest = F.substring(second, F.length(whole) + 1, F.lit(30))
    time = F.concat_ws(":", _filled(hour, 2), _filled(minute, 2), F.concat(_filled(whole, 2), rest))
    return _if_all(fields, iso_text(F.concat(date, F.lit("T"), time), None))


def _filled(text: Column, length: int) -> Column:
    fits = text.rlike(rf"^[0-9]{{1,{length}}}\z")
    return F.when(fits, F.lpad(text, length, "0")).otherwise(F.lit("?"))


def _if_all(fields: list[Column], value: Column) -> Column:
    is_there = fields[0].isNotNull()
    for field in fields[1:]:
        is_there &= field.isNotNull()
    return F.when(is_there, value)
