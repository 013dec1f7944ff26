"""Every feature once more, straight from a marketplace's rows and in another engine (DuckDB)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from goldrun.contracts import behaviour, entities
from goldrun.contracts.table import Table
from tests.features.markets import Market

TABLES: dict[str, Table] = {
    "versions": entities.CUSTOMERS,
    "transactions": entities.TRANSACTIONS,
    "sessions": behaviour.SESSIONS,
    "events": behaviour.EVENTS,
    "interactions": behaviour.INTERACTIONS,
}

PREPARED = """
create macro day_of(t) as cast(timezone($zone, timezone('UTC', t)) as date);
-- Half up to ten-thousandths, in whole numbers.
create macro rounded(money, n) as
    sign(money) * ((2 * cast(abs(money) * 10000 as hugeint) + n) // (2 * n)) / 10000.0;
create view tx as select *, day_of(transaction_date) as day from transactions
    where transaction_date < $midnight;
create view refunds as select *, case when amount < 0 then -amount else amount end as back
    from tx where transaction_status = 'refunded'
        or (transaction_status = 'cancelled' and amount < 0);
create view done as select * from tx where transaction_status = 'completed';
create view bought as select customer_id, order_id, min(day) as day from done group by all;
create view bought_days as select distinct customer_id, day from bought;
create view journey_events as
    select e.* from events e join sessions s using (session_id, customer_id);
create view visits as
    select * from (select s.*, j.*, day_of(greatest(
        coalesce(s.session_end, s.session_start), coalesce(j.last_at, s.session_start)
    )) as day
    from sessions s left join (
        select session_id, count(*) as steps, max(event_timestamp) as last_at,
            last(event_type order by event_timestamp, event_id) as exit_step,
            count(*) filter (event_type = 'purchase') > 0 as converted,
            count(*) filter (event_type = 'add_to_cart') > 0 as carted,
            count(*) filter (event_type in ('search', 'click')) > 0 as seeking
        from journey_events group by session_id
    ) j on j.session_id = s.session_id) where day < $as_of;
create view acts as select * from events where event_timestamp < $midnight;
create view talks as
    select i.*, d.transaction_date as order_date from
    (select * from interactions where interaction_date < $midnight) i
    asof left join (select distinct customer_id, transaction_date from done) d
    on i.customer_id = d.customer_id and i.interaction_date >= d.transaction_date;
create view placed as
    select t.customer_id, t.day, v.location, v.customer_segment from tx t
    asof left join versions v
    on t.customer_id = v.customer_id and t.transaction_date >= v.updated_at;
create view last_placed as
    select * from placed p where day = (select max(day) from tx where customer_id = p.customer_id);
"""

BUYING = """
select customer_id,
    count(distinct order_id) as purchase_frequency,
    sum(amount) as total_spend,
    rounded(sum(amount), count(distinct order_id)) as avg_transaction_value,
    rounded(sum(amount), count(*)) as average_purchase_value,
    count(distinct product_id) as distinct_products,
    sum(quantity) / count(distinct order_id) as basket_size,
    max(amount_30) as spend_last_30_days, max(amount_90) as spend_last_90_days,
    max(amount_180) as spend_last_180_days,
    max(amount_30) / nullif(max(amount_60), 0) as spend_trend,
from done join (
    select customer_id,
        coalesce(sum(amount) filter (day >= $as_of - interval 30 day), 0) as amount_30,
        coalesce(sum(amount) filter (day >= $as_of - interval 60 day), 0) as amount_60,
        coalesce(sum(amount) filter (day >= $as_of - interval 90 day), 0) as amount_90,
        coalesce(sum(amount) filter (day >= $as_of - interval 180 day), 0) as amount_180,
    from done group by customer_id
) using (customer_id) group by customer_id
"""

NET = """
select customer_id, spent - off as net_spend, back as refunded_amount,
    back / nullif(spent + undone, 0) as refund_rate,
    spent_30 - off_30 as net_spend_last_30_days, back_30 as refunded_amount_last_30_days,
    back_30 / nullif(spent_30 + undone_30, 0) as refund_rate_last_30_days,
    spent_90 - off_90 as net_spend_last_90_days, back_90 as refunded_amount_last_90_days,
    back_90 / nullif(spent_90 + undone_90, 0) as refund_rate_last_90_days,
    spent_180 - off_180 as net_spend_last_180_days, back_180 as refunded_amount_last_180_days,
    back_180 / nullif(spent_180 + undone_180, 0) as refund_rate_last_180_days,
from (select customer_id, {columns} from (
    select customer_id, day, amount as spent, 0 as off, 0 as undone, 0 as back from done
    union all select customer_id, day, 0, case when amount < 0 then back else 0 end,
        case when amount > 0 then back else 0 end, back from refunds
) group by customer_id)
""".replace(
    "{columns}",
    ", ".join(
        f"coalesce(sum({name}) filter (day >= $as_of - interval {days} day), 0) as {name}{after}"
        for name in ("spent", "off", "undone", "back")
        for days, after in ((30000, ""), (30, "_30"), (90, "_90"), (180, "_180"))
    ),
)

WHEN = """
select customer_id, max(day) as last_purchase_date,
    datediff('day', max(day), $as_of) as recency_days,
    datediff('day', min(day), $as_of) as tenure_days,
    count(*) filter (day >= $as_of - interval 30 day) as transaction_frequency_last_30_days,
    count(*) filter (day >= $as_of - interval 90 day) as transaction_frequency_last_90_days,
    count(*) filter (day >= $as_of - interval 180 day) as transaction_frequency_last_180_days,
from bought group by customer_id
"""

GAPS = """
select customer_id, avg(gap) as purchase_gap_mean_days, stddev_samp(gap) as purchase_gap_std_days
from (
    select customer_id, datediff('day', lag(day) over of_customer, day) as gap from bought_days
    window of_customer as (partition by customer_id order by day)
) group by customer_id
"""

ANY_STATUS = """
select customer_id, datediff('day', max(day), $as_of) as days_since_last_transaction,
    count(distinct order_id) filter (transaction_status = 'cancelled')
        / count(distinct order_id) as cancellation_rate,
    (select count(distinct order_id) from refunds r where r.customer_id = tx.customer_id)
        / count(distinct order_id) as refunded_order_rate,
from tx group by customer_id
"""

PLACES = """
select customer_id, (
        select location from last_placed l where l.customer_id = c.customer_id
            and location is not null group by location order by count(*) desc, location limit 1
    ) as location, (
        select customer_segment from last_placed l where l.customer_id = c.customer_id
            and customer_segment is not null
            group by customer_segment order by count(*) desc, customer_segment limit 1
    ) as customer_segment,
from (select distinct customer_id from tx) c
"""

VISITS = """
select customer_id, count(*) as session_count,
    count(*) filter (day >= $as_of - interval 30 day) as session_count_last_30_days,
    count(*) filter (day >= $as_of - interval 90 day) as session_count_last_90_days,
    count(*) filter (day >= $as_of - interval 180 day) as session_count_last_180_days,
    avg(session_duration) as average_session_duration,
    count(*) filter (steps = 1) / nullif(count(steps), 0) as bounce_rate,
    count(*) filter (not converted) / nullif(count(steps), 0) as drop_off_rate,
    count(*) filter (carted and not converted) / nullif(count(*) filter (carted), 0)
        as cart_drop_off_rate,
    count(*) filter (seeking and converted) / nullif(count(*) filter (seeking), 0)
        as event_conversion_rate,
from visits group by customer_id
"""

CONTACTS = """
select customer_id, count(*) as interaction_count,
    count(*) filter (interaction_outcome = 'resolved') / nullif(count(interaction_outcome), 0)
        as share_resolved,
    avg(response_time) as response_time_mean,
    quantile_cont(cast(response_time as double), 0.9) as response_time_p90,
    count(*) filter (interaction_date <= order_date + interval 720 hour)
        / max(orders) as contact_rate,
from talks left join (
    select customer_id, count(distinct order_id) as orders from done group by customer_id
) using (customer_id) group by customer_id
"""


def _most(view: str, column: str, name: str) -> str:
    return f"""
    select customer_id, {column} as {name} from (
        select customer_id, {column}, row_number() over (
            partition by customer_id order by count(*) desc, {column}
        ) as place
        from {view} where {column} is not null group by customer_id, {column}
    ) where place = 1"""


def _counts(view: str, column: str, values: Sequence[str], name: str) -> str:
    each = ", ".join(f"count(*) filter ({column} = '{v}') as {name}_{v}" for v in values)
    return f"select customer_id, {each} from {view} group by customer_id"


def _shares(view: str, column: str, values: Sequence[str], name: str, of: str) -> str:
    each = ", ".join(
        f"coalesce(sum({of}) filter ({column} = '{v}'), 0) / nullif(sum({of}), 0) as {name}_{v}"
        for v in values
    )
    return f"select customer_id, {each} from {view} where {column} is not null group by customer_id"


COUNTED = (
    VISITS,
    CONTACTS,
    _counts("acts", "event_type", behaviour.EVENT_TYPES, "event_count"),
    _counts("talks", "interaction_type", behaviour.CHANNELS, "interaction_count"),
)
OTHERS = (
    BUYING,
    NET,
    WHEN,
    GAPS,
    ANY_STATUS,
    PLACES,
    _most("visits", "device_type", "preferred_device"),
    _most("visits", "exit_step", "usual_exit_step"),
    _most("talks", "interaction_type", "preferred_channel"),
    _shares("visits", "device_type", behaviour.DEVICES, "device_share", "1"),
    _shares("done", "payment_method", entities.PAYMENT_METHODS, "payment_share", "amount"),
)


def tables_of(market: Market) -> duckdb.DuckDBPyConnection:
    """Open a database in memory with the marketplace's tables; times are UTC without a zone."""
    connection = duckdb.connect()
    for name, table in TABLES.items():
        columns = ", ".join(f"{c.name} {c.type.simpleString()}" for c in table.columns)
        connection.execute(f"create table {name} ({columns})")
        rows = [[_text(row.get(column)) for column in table.names] for row in market[name]]
        connection.register("given", pd.DataFrame(rows, columns=list(table.names), dtype=object))
        connection.execute(f"insert into {name} select * from given")
        connection.unregister("given")
    return connection


def features_of(market: Market, as_of: date, zone: str) -> pd.DataFrame:
    """All features of who bought before ``as_of``, in a shop old enough for all windows.

    Instants are compared with the midnight as Python's zones have it, days are DuckDB's.
    """
    midnight = datetime.combine(as_of, time(), ZoneInfo(zone)).astimezone(UTC)
    values = {"$as_of": str(as_of), "$midnight": f"{midnight:%Y-%m-%d %H:%M:%S}"}
    with tables_of(market) as connection:

        def filled(query: str) -> str:
            for name, value in values.items():
                query = query.replace(name, f"timestamp '{value}'")
            return query.replace("$zone", f"'{zone}'")

        def ask(query: str) -> pd.DataFrame:
            found = connection.execute(filled(query)).fetch_df()
            return found.set_index("customer_id").astype(object)

        connection.execute(filled(PREPARED))
        features = ask(OTHERS[0]).join([ask(query) for query in (*OTHERS[1:], *COUNTED)])
    for name in features.columns:
        if "_count" in name or name == "contact_rate":
            features[name] = pd.to_numeric(features[name]).fillna(0)
    for days in (30, 90, 180):
        spend = pd.to_numeric(features[f"spend_last_{days}_days"])
        total = pd.to_numeric(features.total_spend)
        features[f"spend_share_last_{days}_days"] = spend / total.where(total > 0)
    return features


def _text(value: object) -> str | None:
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    return None if value is None else str(value)
