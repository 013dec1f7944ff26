"""What customers did in the shop day by day, from sessions and events.

The funnel: a journey is a visit with at least one event; only events that name the visit, and are
of the customer whose visit it is, are part of it, as ``events_enriched`` tells. Its last event
step is the type of its last event, by time and then by ``event_id``. A journey with a purchase
event converted, wherever in it the purchase is; one without dropped off, and its last event step
is where it ended. One with a single event bounced. Searches and clicks are how a customer seeks,
so conversion is asked of journeys with one of these. All facts of a visit are counted on one day,
see ``sessions_by_day``.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, behaviour
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import events_enriched
from goldrun.medallion.ordering import ascending

_EVENTS = "_events"
_LAST_AT = "_last_at"
_LAST_STEP = "_last_step"
_BOUGHT = "_bought"
_CARTED = "_carted"
_SOUGHT = "_sought"
_JOURNEY = {
    _EVENTS: "bigint",
    _LAST_AT: "timestamp",
    _LAST_STEP: "string",
    _BOUGHT: "boolean",
    _CARTED: "boolean",
    _SOUGHT: "boolean",
}


def journeys(enriched: DataFrame) -> DataFrame:
    """Sum up the events of each customer's session.

    Args:
        enriched: Events with their sessions (``events_enriched``).

    Returns:
        One row for each session that is known to be the customer's and has events: how many, when
        the last was and of which type, and whether there was a purchase, an add_to_cart, and a
        search or click.
    """
    step = F.col(behaviour.EVENT_TYPE)
    return (
        enriched.where(F.col(behaviour.SESSION_START).isNotNull())
        .groupBy(CUSTOMER_ID, behaviour.SESSION_ID)
        .agg(
            F.count("*").alias(_EVENTS),
            F.max(behaviour.EVENT_TIMESTAMP).alias(_LAST_AT),
            F.max_by(step, ascending(behaviour.EVENT_TIMESTAMP, behaviour.EVENT_ID)).alias(
                _LAST_STEP
            ),
            F.bool_or(step == behaviour.PURCHASE).alias(_BOUGHT),
            F.bool_or(step == behaviour.ADD_TO_CART).alias(_CARTED),
            F.bool_or(step.isin(behaviour.SEARCH, behaviour.CLICK)).alias(_SOUGHT),
        )
    )


def session_day(zone: str) -> SparkColumn:
    """Day on which all facts of a visit are counted: the first that has seen all of it.

    It is the day of ``session_end``, of ``session_start`` where there is no end, or of the last
    event where that is later. A visit over midnight is thus unknown as of that midnight.
    """
    ended = F.coalesce(behaviour.SESSION_END, behaviour.SESSION_START)
    return day_of(F.greatest(ended, F.col(_LAST_AT)), zone)


def sessions_by_day(sessions: DataFrame, events: DataFrame | None, zone: str) -> DataFrame:
    """Count sessions and what became of them, each on its ``session_day``.

    Args:
        sessions: Rows of ``silver/sessions``.
        events: Rows of ``silver/events``; None when the shop records none.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and the columns of ``gold/customer_daily`` that sessions add to; null
        stands for none.
    """
    if events is None:
        unknown = {name: F.lit(None).cast(kind) for name, kind in _JOURNEY.items()}
        seen = sessions.withColumns(unknown)
    else:
        known = journeys(events_enriched(events, sessions))
        seen = sessions.join(known, [CUSTOMER_ID, behaviour.SESSION_ID], "left")
    bought, carted, sought = F.col(_BOUGHT), F.col(_CARTED), F.col(_SOUGHT)
    counts = {
        activity_tables.TIMED_SESSIONS: F.col(behaviour.SESSION_DURATION).isNotNull(),
        **{
            activity_tables.sessions_on(device): F.col(behaviour.DEVICE_TYPE) == device
            for device in behaviour.DEVICES
        },
        activity_tables.JOURNEYS: F.col(_EVENTS) > 0,
        activity_tables.BOUNCES: F.col(_EVENTS) == 1,
        activity_tables.DROP_OFFS: ~bought,
        activity_tables.CART_JOURNEYS: carted,
        activity_tables.CART_DROP_OFFS: carted & ~bought,
        activity_tables.SEEKING_JOURNEYS: sought,
        activity_tables.CONVERTED_JOURNEYS: sought & bought,
        **{
            activity_tables.ended_at(kind): F.col(_LAST_STEP) == kind
            for kind in behaviour.EVENT_TYPES
        },
    }
    return seen.groupBy(CUSTOMER_ID, session_day(zone).alias(activity_tables.DAY)).agg(
        F.count("*").alias(activity_tables.SESSIONS),
        F.sum(behaviour.SESSION_DURATION).alias(activity_tables.SESSION_SECONDS),
        *[F.count_if(holds).alias(name) for name, holds in counts.items()],
    )


def event_counts(events: DataFrame, zone: str) -> DataFrame:
    """Count events by type, each on its own day, in a visit or not.

    Args:
        events: Rows of ``silver/events``.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and a count for each type of event.
    """
    return events.groupBy(
        CUSTOMER_ID, day_of(behaviour.EVENT_TIMESTAMP, zone).alias(activity_tables.DAY)
    ).agg(
        *[
            F.count_if(F.col(behaviour.EVENT_TYPE) == kind).alias(activity_tables.events_of(kind))
            for kind in behaviour.EVENT_TYPES
        ]
    )
