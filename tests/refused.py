"""Why something is refused, for tests of what is not."""

from collections.abc import Callable

from goldrun.errors import GoldrunError


def refusal(check: Callable[[], object]) -> str | None:
    """What a check says against what it looks at; None when it lets it pass."""
    try:
        check()
    except GoldrunError as error:
        return str(error)
    return None
