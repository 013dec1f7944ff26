"""Columns of features by their kind: counts, shares, seconds, categories."""

from pyspark.sql import types as T

from goldrun.contracts.table import Column
from goldrun.contracts.window_features import daily


def count(name: str, what: str, unit: str, unknown: str, source: str, *serves: str) -> Column:
    """A feature that counts, and grows with time."""
    return Column(
        name,
        T.LongType(),
        what,
        null_means=unknown,
        unit=unit,
        minimum=0,
        grows_with_time=True,
        made_from=daily(source),
        serves=serves,
    )


def rate(name: str, what: str, unknown: str, sources: tuple[str, ...], *serves: str) -> Column:
    """A feature that is a share, from 0 to 1."""
    return Column(
        name,
        T.DoubleType(),
        what,
        null_means=unknown,
        unit="share",
        minimum=0,
        maximum=1,
        made_from=daily(*sources),
        serves=serves,
    )


def seconds(name: str, what: str, unknown: str, made_from: tuple[str, ...], use: str) -> Column:
    """A feature in seconds."""
    return Column(
        name,
        T.DoubleType(),
        what,
        null_means=unknown,
        unit="seconds",
        minimum=0,
        made_from=made_from,
        serves=(use,),
    )


def category(
    name: str, what: str, allowed: tuple[str, ...], unknown: str, sources: tuple[str, ...], use: str
) -> Column:
    """A feature that is one of some values."""
    return Column(
        name,
        T.StringType(),
        what,
        null_means=unknown,
        allowed=allowed,
        made_from=daily(*sources),
        serves=(use,),
    )
