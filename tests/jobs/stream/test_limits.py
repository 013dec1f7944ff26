"""The limits of a stream, from the command line."""

import pytest

from goldrun.errors import SettingsError
from goldrun.jobs.stream.limits import Limits, limits_of
from pipelines import stream


def limits(*arguments: str) -> Limits:
    return limits_of(stream.options().parse_args(list(arguments)))


def test_a_stream_has_no_limit_by_default() -> None:
    assert limits("--max-rows=", "--duration=", "--available-now=") == Limits()


def test_each_limit_is_read() -> None:
    given = limits("--available-now=true", "--duration=1.5", "--max-rows=1030", "--every=2")
    assert given == Limits(available_now=True, seconds=1.5, rows=1030, every=2)


def test_a_pause_of_zero_is_allowed() -> None:
    assert limits("--every=0").every == 0


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--max-rows=many", "--max-rows 'many' is not a number"),
        ("--max-rows=0", "--max-rows '0' is less than 1"),
        ("--duration=-1", "--duration '-1' is less than 0"),
        ("--every=nan", "--every 'nan' is less than 0"),
        ("--max-rows=inf", "--max-rows 'inf' is not finite; omit --max-rows"),
    ],
)
def test_an_invalid_limit_is_refused(argument: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        limits(argument)
