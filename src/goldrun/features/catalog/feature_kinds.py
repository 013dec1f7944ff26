"""How entries of features are made by kind: counts, shares, seconds, categories."""

from pyspark.sql import types as T

from goldrun.features.catalog.entry import Feature


def daily(*metrics: str) -> tuple[str, ...]:
    """Columns of ``gold/customer_daily``, as ``table.column``."""
    return tuple(f"customer_daily.{metric}" for metric in metrics)


def count(name: str, metric: str, what: str, unit: str, *serves: str, entity: str) -> Feature:
    """A feature that is the sum of a daily metric so far; it grows with time."""
    return Feature(
        name,
        T.LongType(),
        what,
        null_means=f"the shop records no {entity}",
        unit=unit,
        minimum=0,
        made_from=daily(metric),
        expression=metric,
        entity=entity,
        grows_with_time=True,
        serves=serves,
    )


def share(
    name: str,
    expression: str,
    what: str,
    null_means: str,
    metrics: tuple[str, ...],
    *serves: str,
    entity: str = "",
) -> Feature:
    """Declare a feature of the catalog from 0 to 1; its SQL expression is over daily metrics."""
    return Feature(
        name,
        T.DoubleType(),
        what,
        null_means=null_means,
        unit="share",
        minimum=0,
        maximum=1,
        made_from=daily(*metrics),
        expression=expression,
        entity=entity,
        serves=serves,
    )


def seconds(
    name: str,
    expression: str,
    what: str,
    null_means: str,
    made_from: tuple[str, ...],
    *serves: str,
    entity: str = "",
) -> Feature:
    """A feature in seconds."""
    return Feature(
        name,
        T.DoubleType(),
        what,
        null_means=null_means,
        unit="seconds",
        minimum=0,
        made_from=made_from,
        expression=expression,
        entity=entity,
        serves=serves,
    )


def category(
    name: str,
    expression: str,
    what: str,
    null_means: str,
    allowed: tuple[str, ...],
    metrics: tuple[str, ...],
    *serves: str,
    entity: str = "",
) -> Feature:
    """A feature whose value is one of a few names."""
    return Feature(
        name,
        T.StringType(),
        what,
        null_means=null_means,
        allowed=allowed,
        made_from=daily(*metrics),
        expression=expression,
        entity=entity,
        serves=serves,
    )
