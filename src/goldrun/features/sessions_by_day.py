"""Daily metrics of what customers did in the shop, from sessions and events.

An event belongs to a session when it names the session and both are of the same customer, as
``events_enriched`` decides. The last event of a session is the last by time, then by ``event_id``.
A session with a purchase event converted; one with events but without a purchase dropped off at its
last event; one with a single event bounced.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import behaviour
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.features.catalog import daily_metrics, session_metrics
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import events_enriched
from goldrun.medallion.ordering import ascending

_LAST_EVENT_AT = "_last_event_at"
_SUMMARY = {
    session_metrics.EVENTS: "bigint",
    _LAST_EVENT_AT: "timestamp",
    session_metrics.LAST_EVENT_TYPE: "string",
    session_metrics.HAS_PURCHASE: "boolean",
    session_metrics.HAS_ADD_TO_CART: "boolean",
    session_metrics.HAS_SEARCH_OR_CLICK: "boolean",
}
"""Columns that ``summarise_events`` adds to the key of a session, with their types."""


def summarise_events(enriched: DataFrame) -> DataFrame:
    """Summarise the events of each session.

    Args:
        enriched: Events with their sessions (``events_enriched``).

    Returns:
        A row for each session with events, key ``(customer_id, session_id)``: the number of
        events, time and type of the last one, and whether there is a purchase, an add_to_cart, and
        a search or click.
    """
    kind = F.col(behaviour.EVENT_TYPE)
    summary = {
        session_metrics.EVENTS: F.count("*"),
        _LAST_EVENT_AT: F.max(behaviour.EVENT_TIMESTAMP),
        session_metrics.LAST_EVENT_TYPE: F.max_by(
            kind, ascending(behaviour.EVENT_TIMESTAMP, behaviour.EVENT_ID)
        ),
        session_metrics.HAS_PURCHASE: F.bool_or(kind == behaviour.PURCHASE),
        session_metrics.HAS_ADD_TO_CART: F.bool_or(kind == behaviour.ADD_TO_CART),
        session_metrics.HAS_SEARCH_OR_CLICK: F.bool_or(
            kind.isin(behaviour.SEARCH, behaviour.CLICK)
        ),
    }
    in_session = enriched.where(F.col(behaviour.SESSION_START).isNotNull())
    return in_session.groupBy(CUSTOMER_ID, behaviour.SESSION_ID).agg(
        *[value.alias(name) for name, value in summary.items()]
    )


def session_day(zone: str) -> SparkColumn:
    """Day on which all metrics of a session count: the first on which all of them are known.

    It is the day of ``session_end``, of ``session_start`` if there is no end, or of the last
    event if that is later. So a session over midnight is unknown as of that midnight.
    """
    ended = F.coalesce(behaviour.SESSION_END, behaviour.SESSION_START)
    return day_of(F.greatest(ended, F.col(_LAST_EVENT_AT)), zone)


def sessions_by_day(sessions: DataFrame, events: DataFrame | None, zone: str) -> DataFrame:
    """Count sessions, and sessions by their events, by customer and ``session_day``.

    Args:
        sessions: Rows of ``silver/sessions``.
        events: Rows of ``silver/events``; None when the shop records none.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and ``catalog.session_metrics.SESSION_METRICS``; null is 0.
    """
    if events is None:
        unknown = {name: F.lit(None).cast(kind) for name, kind in _SUMMARY.items()}
        rows = sessions.withColumns(unknown)
    else:
        summary = summarise_events(events_enriched(events, sessions))
        rows = sessions.join(summary, [CUSTOMER_ID, behaviour.SESSION_ID], "left")
    return rows.groupBy(CUSTOMER_ID, session_day(zone).alias(daily_metrics.DAY)).agg(
        *daily_metrics.aggregates(session_metrics.SESSION_METRICS)
    )


def events_by_day(events: DataFrame, zone: str) -> DataFrame:
    """Count all events by customer and day, also those without a session.

    Args:
        events: Rows of ``silver/events``.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and ``catalog.session_metrics.EVENT_METRICS``.
    """
    day = day_of(behaviour.EVENT_TIMESTAMP, zone).alias(daily_metrics.DAY)
    return events.groupBy(CUSTOMER_ID, day).agg(
        *daily_metrics.aggregates(session_metrics.EVENT_METRICS)
    )
