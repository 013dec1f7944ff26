"""The error message of a check, for tests of what it accepts."""

from collections.abc import Callable

from goldrun.errors import GoldrunError


def refusal(check: Callable[[], object]) -> str | None:
    """Return the message of the error that a check raises; None if it raises none."""
    try:
        check()
    except GoldrunError as error:
        return str(error)
    return None
