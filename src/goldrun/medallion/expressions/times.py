"""Times as ISO 8601 text: with ``Z`` or an offset an instant, without either a local time.

Each is a Python function, because a column that uses a time several times would be computed and
planned several times. They are nested, so that they are pickled by value: Spark's workers may lack
goldrun.
"""

from collections.abc import Callable
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.zones import FAR, far_offset


def midnight(time: Column, zone: str | None) -> Column:
    """Compute the start of a time's day as a local time; an instant's day is that of the zone.

    Null for an instant if no zone is declared.
    """
    shown = _clocks(zone) if zone else None

    def start(text: str | None) -> str | None:
        if text is None:
            return None
        if text.endswith("Z") or text[-6:-5] in ("+", "-"):
            text = shown(text) if shown else None
        return text and f"{text[:10]}T00:00:00"

    return F.udf(start, T.StringType(), useArrow=True)(time)


def instant(seconds: Column) -> Column:
    """Write seconds since 1970-01-01T00:00:00Z as ISO 8601 text in UTC, with all fractional digits.

    Null outside the years 1 to 9999.
    """

    def write(number: Decimal | None) -> str | None:
        import datetime  # noqa: PLC0415

        # `//` raises for more digits than Python's decimal context has; no year needs as many.
        if number is None or abs(number) >= 10**12:
            return None
        whole = int(number // 1) - (number < 0 and number % 1 != 0)
        rest = f"{number - whole:f}".partition(".")[2].rstrip("0")
        try:
            moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=whole)  # noqa: DTZ001
        except OverflowError:
            return None
        return f"{moment.isoformat()}.{rest}Z" if rest else f"{moment.isoformat()}Z"

    return F.udf(write, T.StringType(), useArrow=True)(seconds)


def to_instant(time: Column, zone: str) -> Column:
    """Convert a local time of a zone to an instant; an instant is returned unchanged.

    A skipped local time uses the offset before the change, an ambiguous one the first of both.
    From 2100 on a zone keeps one offset, as for times that are mapped without a function.
    """
    far, last = far_offset(zone), FAR

    def move(text: str | None) -> str | None:
        import datetime  # noqa: PLC0415
        import zoneinfo  # noqa: PLC0415

        if text is None or text.endswith("Z") or text[-6:-5] in ("+", "-"):
            return text
        wall, point, fraction = text.partition(".")
        try:
            local = datetime.datetime.fromisoformat(wall)
            offset: datetime.timedelta | None = datetime.timedelta(seconds=far)
            if local < last:
                offset = local.replace(tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset()
            if offset is None:
                return None
            moved = local - offset
        except (ValueError, OverflowError):
            return None
        return f"{moved.isoformat()}{point}{fraction}Z"

    return F.udf(move, T.StringType(), useArrow=True)(time)


def to_local(time: Column, zone: str) -> Column:
    """Convert an instant to the local time of a zone; a time without an offset is read as UTC."""
    return F.udf(_clocks(zone), T.StringType(), useArrow=True)(time)


def _clocks(zone: str) -> Callable[[str | None], str | None]:
    """Return a Python function that converts an instant or a time in UTC to a zone's local time."""
    far, last = far_offset(zone), FAR

    def show(text: str | None) -> str | None:
        import datetime  # noqa: PLC0415
        import zoneinfo  # noqa: PLC0415

        if text is None:
            return None
        offset = "Z" if text.endswith("Z") else text[-6:] if text[-6:-5] in ("+", "-") else ""
        wall, point, fraction = text.removesuffix(offset).partition(".")
        try:
            moment = datetime.datetime.fromisoformat(f"{wall}{offset or 'Z'}")
            local = moment.astimezone(datetime.UTC) + datetime.timedelta(seconds=far)
            if local.replace(tzinfo=None) < last:
                local = moment.astimezone(zoneinfo.ZoneInfo(zone))
        except (ValueError, OverflowError):
            return None
        return f"{local.replace(tzinfo=None).isoformat()}{point}{fraction}"

    return show


def from_fields(fields: list[Column]) -> Column:
    """Build a local time from year, month, day and optional hour, minute and second."""

    def write(*numbers: Decimal | None) -> str | None:
        import datetime  # noqa: PLC0415

        given = [number for number in numbers if number is not None and abs(number) < 10**5]
        second = given[5] % 1 if len(given) == 6 else 0
        if len(given) < len(numbers) or any(number % 1 for number in given[:5]) or second < 0:
            return None
        try:
            time = datetime.datetime(*[int(number) for number in given])  # type: ignore[arg-type]  # noqa: DTZ001
        except (ValueError, OverflowError):
            return None
        rest = f"{second:f}".partition(".")[2].rstrip("0") if second else ""
        return f"{time.isoformat()}.{rest}" if rest else time.isoformat()

    return F.udf(write, T.StringType(), useArrow=True)(*fields)
