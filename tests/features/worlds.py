"""Random marketplaces, as small as can be and full of ties, around one date."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldrun.contracts import behaviour, entities
from tests.features.markets import Market, Row

AS_OF = datetime(2024, 5, 10, tzinfo=UTC)
WHO = ("ann", "ben")
DAYS = (-200, -181, -100, -45, -31, -30, -2, -2, -1, -1, 0, 1)
HOURS = (0, 1, 23)

times = st.builds(
    lambda day, hour: AS_OF + timedelta(days=day, hours=hour),
    st.sampled_from(DAYS),
    st.sampled_from(HOURS),
)
numbers = st.sampled_from((1, 2, 3, 0))


def _maybe(values: tuple[str, ...]) -> st.SearchStrategy[str | None]:
    return st.sampled_from((None, *values))


def _rows(most: int, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries({"customer_id": st.sampled_from(WHO), **columns})
    return st.lists(row, min_size=most // 2, max_size=most)


def _keyed(rows: list[Row], key: str) -> list[Row]:
    return [row | {key: f"{key[0]}{n}"} for n, row in enumerate(rows)]


def _lasting(row: Row) -> Row:
    minutes = row.pop("minutes")
    ends = minutes is not None
    return row | {
        "session_end": row["session_start"] + timedelta(minutes=minutes) if ends else None,
        "session_duration": Decimal(60 * minutes) if ends else None,
    }


versions = _rows(
    5,
    updated_at=times,
    location=_maybe(("Bath", "York")),
    customer_segment=_maybe(("loyal", "new")),
)
lines = _rows(
    12,
    order_id=st.sampled_from(("o1", "o2", "o3", "o4")),
    transaction_date=times,
    transaction_status=st.sampled_from(
        (*3 * (entities.COMPLETED,), "pending", entities.CANCELLED, entities.REFUNDED)
    ),
    is_negative=st.booleans(),
    amount=numbers.map(lambda n: Decimal(n) / 3).map(lambda d: d.quantize(Decimal("0.0001"))),
    quantity=numbers,
    product_id=_maybe(("p1", "p2", "p3")),
    payment_method=_maybe(entities.PAYMENT_METHODS),
)
visits = _rows(
    6,
    session_start=times,
    minutes=st.sampled_from((None, 0, 30, 90)),
    device_type=_maybe(behaviour.DEVICES),
)
steps = _rows(
    18,
    session_id=st.sampled_from((None, "s0", "s0", "s1", "s1", "s2", "elsewhere")),
    event_timestamp=times,
    event_type=st.sampled_from(
        (*behaviour.EVENT_TYPES, *3 * (behaviour.SEARCH, behaviour.ADD_TO_CART, behaviour.PURCHASE))
    ),
    somebody_else=st.sampled_from((False, False, False, True)),
)
talks = _rows(
    8,
    interaction_date=times,
    interaction_type=st.sampled_from(behaviour.CHANNELS),
    response_time=st.none() | numbers.map(lambda n: Decimal(n) / 8),
    interaction_outcome=_maybe(behaviour.OUTCOMES),
)


def _signed(row: Row) -> Row:
    """Make the amount negative where the status allows it."""
    gives_back = row["transaction_status"] in (entities.CANCELLED, entities.REFUNDED)
    sign = -1 if row.pop("is_negative") and gives_back else 1
    return row | {"amount": sign * row["amount"]}


def _by_visitor(rows: list[Row], visits: list[Row]) -> list[Row]:
    """Give most events to the customer whose visit they name."""
    owner = {row["session_id"]: row["customer_id"] for row in visits}
    made = []
    for row in rows:
        else_of = row["customer_id"] if row["somebody_else"] else owner.get(row["session_id"])
        event = row | {"customer_id": else_of or row["customer_id"]}
        made.append({name: value for name, value in event.items() if name != "somebody_else"})
    return made


@st.composite
def worlds(draw: st.DrawFn) -> Market:
    transactions = [
        _signed(dict(row)) | {"updated_at": row["transaction_date"], "price": Decimal(1)}
        for row in draw(lines)
    ]
    seen = draw(versions)
    sessions = _keyed([_lasting(dict(row)) for row in draw(visits)], "session_id")
    return {
        # Of versions made at one time the content decides in silver; here there is only one.
        "versions": list({(row["customer_id"], row["updated_at"]): row for row in seen}.values()),
        "transactions": _keyed(transactions, "transaction_id"),
        "sessions": sessions,
        "events": _keyed(_by_visitor(draw(steps), sessions), "event_id"),
        "interactions": _keyed(draw(talks), "interaction_id"),
    }


def some_worlds(count: int) -> list[Market]:
    """Let Hypothesis make so many, always the same, to be computed all at once."""
    made: list[Market] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def make(world: Market) -> None:
        made.append(world)

    make()
    return made


def midnight_in(zone: str) -> datetime:
    """When the date begins in a time zone."""
    return AS_OF.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def moved_to(world: Market, zone: str) -> Market:
    """The same marketplace around the date in a time zone, instead of UTC."""
    by = midnight_in(zone) - AS_OF
    return {
        entity: [
            {n: value + by if isinstance(value, datetime) else value for n, value in row.items()}
            for row in rows
        ]
        for entity, rows in world.items()
    }


def known_before(world: Market, as_of: datetime) -> Market:
    """Delete what a shop could not have written down before a time.

    A visit is written down when it is over: when it has ended and its last event has happened.
    """
    when = {
        "versions": "updated_at",
        "transactions": "transaction_date",
        "events": "event_timestamp",
        "interactions": "interaction_date",
    }
    past = {name: [r for r in world[name] if r[column] < as_of] for name, column in when.items()}
    going_on = {
        (r["customer_id"], r["session_id"])
        for r in world["events"]
        if r["event_timestamp"] >= as_of
    }
    past["sessions"] = [
        r
        for r in world["sessions"]
        if (r["session_end"] or r["session_start"]) < as_of
        and (r["customer_id"], r["session_id"]) not in going_on
    ]
    return past
