"""Formats of times that a source declares: patterns, ISO 8601, and numbers since 1970."""

from goldrun.contracts.time_pattern import layouts_of
from goldrun.errors import did_you_mean

ISO = "iso"
"""ISO 8601, the format of times if none is declared."""
EPOCHS = {"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0}
"""Numbers of seconds, milliseconds or microseconds since 1970-01-01T00:00:00Z, by name, with the
number of decimals down to a microsecond."""
_WORDS = (ISO, *EPOCHS)
TimeFormat = str | tuple[str, ...] | None
"""One format, or several in the order in which they are tried; None: ISO 8601."""


def formats_of(declared: TimeFormat) -> tuple[str, ...]:
    """Return the formats in the order in which they are tried."""
    if declared is None:
        return (ISO,)
    return (declared,) if isinstance(declared, str) else declared


def check_formats(declared: TimeFormat) -> None:
    """Check the formats.

    Raises:
        ValueError: There is none, one is given twice, or a pattern can't be used.
    """
    formats = formats_of(declared)
    if not formats:
        raise ValueError(f"gives no format of times; write patterns, or {', '.join(_WORDS)}")
    for each in formats:
        if formats.count(each) > 1:
            raise ValueError(f"gives {each!r} twice: remove one")
        if each not in _WORDS:
            _check_pattern(each)


def _check_pattern(pattern: str) -> None:
    try:
        layouts_of(pattern)
    except ValueError as error:
        near = did_you_mean(pattern, _WORDS)
        if not near:
            raise
        raise ValueError(f"{error}{near}") from error
