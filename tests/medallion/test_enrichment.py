"""Related rows as of the time of an event, compared with joins in DuckDB."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts import lineage
from goldrun.contracts.behaviour import EVENTS, INTERACTIONS, SESSIONS
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.features.silver_tables import Silver
from goldrun.medallion.enrichment import (
    events_enriched,
    interactions_enriched,
    transactions_enriched,
)
from tests.features.markets import (
    Market,
    Row,
    at,
    contact,
    event,
    frame,
    line,
    session,
    silver_of,
    together,
    version,
)
from tests.features.recomputed import tables_of
from tests.features.worlds import some_worlds

Found = dict[str, tuple[Any, ...]]

BY_HAND: Market = {
    "versions": [
        version("ann", "2024-02-01 10:00", "York", "new"),
        version("ann", "2024-03-01 10:00", None, "loyal"),
        version("ann", "2024-04-01 10:00", "Leeds"),
        version("ben", "2024-02-01", "Bath"),
    ],
    "transactions": [
        line("ann", "too-early", "o1", "2024-02-01 09:59:59", "1"),
        line("ann", "first", "o2", "2024-02-01 10:00", "1", transaction_status="pending"),
        line("ann", "last-of-first", "o3", "2024-03-01 09:59:59", "1"),
        line("ann", "second", "o4", "2024-03-01 10:00", "1"),
        line("ann", "also-second", "o5", "2024-03-01 10:00", "1"),
        line("ann", "current", "o6", "2024-05-01", "1", transaction_status="cancelled"),
        line("cas", "of-unknown-customer", "o7", "2024-05-01", "1"),
    ],
    "sessions": [
        session("ann", "s1", "2024-02-01 08:00", "2024-02-01 09:00", device_type="mobile"),
        session("ben", "s2", "2024-02-01 08:00"),
    ],
    "events": [
        event("ann", "inside", "s1", "click", "2024-02-01 08:30"),
        event("ann", "long-after", "s1", "click", "2024-09-01 08:30"),
        event("ann", "of-another", "s2", "click", "2024-02-01 08:30"),
        event("ann", "unknown", "s3", "click", "2024-02-01 08:30"),
        event("ann", "none", None, "click", "2024-02-01 08:30"),
        event("ben", "endless", "s2", "click", "2024-02-01 08:30"),
    ],
    "interactions": [
        contact("ann", "before-all", "2024-02-01", "email"),
        contact("ann", "after-pending", "2024-02-02", "email"),
        contact("ann", "just-before", "2024-03-01 09:59:59.999999", "email"),
        contact("ann", "at-once", "2024-03-01 10:00", "email"),
        contact("ann", "at-once-too", "2024-03-01 10:00", "phone"),
        contact("ann", "after-cancelled", "2024-06-01", "email"),
        contact("ben", "of-who-never-bought", "2024-06-01", "email"),
    ],
}


@pytest.fixture(scope="module")
def market() -> Market:
    worlds = {f"{n}/": world for n, world in enumerate(some_worlds(60))}
    return together({"": BY_HAND} | worlds)


@pytest.fixture(scope="module")
def silver(spark: SparkSession, market: Market) -> Silver:
    return silver_of(spark, market)


@pytest.fixture(scope="module")
def joined(market: Market) -> Iterator[duckdb.DuckDBPyConnection]:
    with tables_of(market) as connection:
        yield connection


def by_id(rows: DataFrame, key: str, added: Sequence[str]) -> Found:
    collected = rows.collect()
    found = {row[key]: tuple(row[name] for name in added) for row in collected}
    assert len(found) == len(collected), "a row is repeated"
    return found


def with_duckdb(connection: duckdb.DuckDBPyConnection, query: str) -> Found:
    return {key: tuple(values) for key, *values in connection.execute(query).fetchall()}


def without_zone(found: Found) -> Found:
    return {
        key: tuple(v.replace(tzinfo=None) if hasattr(v, "tzinfo") else v for v in values)
        for key, values in found.items()
    }


# Transactions with their customer --------------------------------------------------------------


@pytest.fixture(scope="module")
def with_customer(silver: Silver) -> Found:
    assert silver.customers is not None
    assert silver.customers_history is not None
    rows = transactions_enriched(silver.transactions, silver.customers, silver.customers_history)
    assert rows.columns == [*TRANSACTIONS.names, "location", "customer_segment"]
    return by_id(rows, "transaction_id", ("location", "customer_segment"))


@pytest.mark.parametrize(
    ("line_id", "known"),
    [
        ("too-early", (None, None)),
        ("first", ("York", "new")),
        ("last-of-first", ("York", "new")),
        ("second", (None, "loyal")),
        ("also-second", (None, "loyal")),
        ("current", ("Leeds", None)),
        ("of-unknown-customer", (None, None)),
    ],
)
def test_a_transaction_has_the_customer_version_of_its_time(
    with_customer: Found, line_id: str, known: tuple[str | None, str | None]
) -> None:
    assert with_customer[line_id] == known


def test_transactions_equal_a_range_join_over_the_validity(
    with_customer: Found, joined: duckdb.DuckDBPyConnection
) -> None:
    query = """
    select t.transaction_id, v.location, v.customer_segment
    from transactions t left join (
        select *, coalesce(
            lead(updated_at) over (partition by customer_id order by updated_at), 'infinity'
        ) as valid_to from versions
    ) v on v.customer_id = t.customer_id
        and v.updated_at <= t.transaction_date and t.transaction_date < v.valid_to
    """
    assert with_customer == with_duckdb(joined, query)
    assert sum(known != (None, None) for known in with_customer.values()) > 100


def test_simultaneous_and_repeated_versions_do_not_multiply_a_transaction(
    spark: SparkSession,
) -> None:
    def valid(row: Row, since: str, until: str) -> Row:
        return row | {"valid_from": at(since), "valid_to": at(until)}

    now = version("c", "2024-03-01", "Leeds")
    history = [
        valid(version("c", "2024-02-01", "York"), "2024-02-01", "2024-03-01"),
        # An empty validity.
        valid(version("c", "2024-03-01", "Hull"), "2024-03-01", "2024-03-01"),
        # The state after a stop between two commits: the current version is in history as well.
        valid(now, "2024-03-01", "2024-05-01"),
        # A gap without a version.
        valid(version("d", "2024-02-01", "Bath"), "2024-02-01", "2024-03-01"),
    ]
    lines = [
        *(line("c", day, "o", day, "1") for day in ("2024-02-15", "2024-03-01", "2024-06-01")),
        line("d", "gap", "o", "2024-03-01", "1"),
    ]
    rows = transactions_enriched(
        frame(spark, TRANSACTIONS, lines),
        frame(spark, CUSTOMERS, [now]),
        frame(spark, CUSTOMERS, history, lineage.VALID_FROM, lineage.VALID_TO),
    )
    assert by_id(rows, "transaction_id", ("location",)) == {
        "2024-02-15": ("York",),
        "2024-03-01": ("Leeds",),
        "2024-06-01": ("Leeds",),
        "gap": (None,),
    }


# Events with their session ---------------------------------------------------------------------

OF_SESSION = ("device_type", "session_start", "session_end")


@pytest.fixture(scope="module")
def with_session(silver: Silver) -> Found:
    assert silver.events is not None
    assert silver.sessions is not None
    rows = events_enriched(silver.events, silver.sessions)
    assert rows.columns == [*EVENTS.names, *OF_SESSION]
    assert set(OF_SESSION) < set(SESSIONS.names)
    return without_zone(by_id(rows, "event_id", OF_SESSION))


@pytest.mark.parametrize("event_id", ["of-another", "unknown", "none"])
def test_an_event_outside_a_known_session_of_its_customer_has_none(
    with_session: Found, event_id: str
) -> None:
    assert with_session[event_id] == (None, None, None)


def test_an_event_has_its_session_at_any_time(with_session: Found) -> None:
    start, end = (at(f"2024-02-01 0{hour}:00").replace(tzinfo=None) for hour in (8, 9))
    assert with_session["inside"] == with_session["long-after"] == ("mobile", start, end)
    assert with_session["endless"] == (None, start, None)


def test_sessions_of_events_equal_duckdb(
    with_session: Found, joined: duckdb.DuckDBPyConnection
) -> None:
    query = """
    select event_id, case when e.customer_id = s.customer_id then device_type end,
        case when e.customer_id = s.customer_id then session_start end,
        case when e.customer_id = s.customer_id then session_end end
    from events e left join sessions s on e.session_id = s.session_id
    """
    assert with_session == with_duckdb(joined, query)


# Interactions with the order before them -------------------------------------------------------


@pytest.fixture(scope="module")
def with_order(silver: Silver) -> Found:
    assert silver.interactions is not None
    rows = interactions_enriched(silver.interactions, silver.transactions)
    assert rows.columns == [*INTERACTIONS.names, "order_id", "transaction_date"]
    return without_zone(by_id(rows, "interaction_id", ("order_id", "transaction_date")))


@pytest.mark.parametrize(
    ("contact_id", "order"),
    [
        ("before-all", None),
        ("after-pending", "o1"),
        ("just-before", "o3"),
        ("at-once", "o5"),
        ("at-once-too", "o5"),
        ("after-cancelled", "o5"),
        ("of-who-never-bought", None),
    ],
)
def test_an_interaction_has_the_latest_completed_transaction(
    with_order: Found, contact_id: str, order: str | None
) -> None:
    assert with_order[contact_id][0] == order
    assert (with_order[contact_id][1] is None) == (order is None)


def test_orders_of_interactions_equal_an_asof_join(
    with_order: Found, joined: duckdb.DuckDBPyConnection
) -> None:
    query = """
    select i.interaction_id, t.order_id, t.transaction_date
    from interactions i asof left join (
        select customer_id, transaction_date, min_by(order_id, transaction_id) as order_id
        from transactions where transaction_status = 'completed' group by all
    ) t on t.customer_id = i.customer_id and t.transaction_date <= i.interaction_date
    """
    assert with_order == with_duckdb(joined, query)
    assert sum(order is not None for order, _ in with_order.values()) > 50


def test_a_version_without_validity_hides_no_other(spark: SparkSession) -> None:
    """A later correction changes the place, and moves the date back."""
    lines = spark.sql("SELECT 'ann' customer_id, timestamp'2024-06-01' transaction_date")
    current = "'ann' customer_id, 'Bath' location, 'new' customer_segment"
    customers = spark.sql(f"SELECT {current}, timestamp'2024-03-01' updated_at")
    wrong = "'ann' customer_id, 'York' location, 'new' customer_segment"
    never = "timestamp'2024-05-01' valid_from, timestamp'2024-05-01' valid_to"
    found = transactions_enriched(lines, customers, spark.sql(f"SELECT {wrong}, {never}"))
    assert [row["location"] for row in found.collect()] == ["Bath"]
