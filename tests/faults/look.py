"""What the tables hold, compared with what they must hold; and what they may never hold."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.entities import CUSTOMERS
from goldrun.contracts.gold import AS_OF
from goldrun.contracts.lineage import history_table
from goldrun.features.activity import Activity, Silver
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.features.labels import History
from goldrun.features.snapshots import snapshots
from goldrun.io.delta.differences import content
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.jobs.aggregate.activity import ACTIVITY
from goldrun.jobs.refine.tables import fate_table_names, read_fates
from goldrun.medallion.accounting import account
from tests.faults.sales import Sale
from tests.faults.world import World

_SALES = "silver/transactions"
_HISTORY = "silver/transactions_history"
_COLUMNS = (
    *("transaction_id", "customer_id", "amount", "transaction_status"),
    *("transaction_date", "updated_at"),
)
_SHOWN = 3


def wrong_at_rest(engine: Engine, world: World) -> list[str]:
    """Differences to the truth after all has been taken: none, or each in a sentence."""
    lake, truth = Lake(engine, str(world.lake)), world.truth()
    return [
        *_differs("silver", _sales(lake, _SALES), truth.current.values()),
        *_differs("history", _sales(lake, _HISTORY), truth.older),
        *_differs("quarantine", _places(lake), truth.refused),
        *_counted("duplicates", _rows(lake, "silver/duplicates"), truth.duplicates),
        *_open_account(lake),
        *_differs("user_features", _users(lake), truth.users().items()),
        *_differs("customer_daily", _days(lake), truth.days().items()),
        *_not_recomputed(lake),
        *_features_not_recomputed(lake),
    ]


def wrong_at_any_time(engine: Engine, world: World) -> list[str]:
    """What must not be seen even right after a kill: a key or a record twice."""
    lake = Lake(engine, str(world.lake))
    keys = {"bronze/transactions": "record_id", _SALES: "transaction_id", _HISTORY: "record_id"}
    keys |= {"silver/quarantine": "record_id", "silver/duplicates": "record_id"}
    keys |= {"gold/user_features": "user_id"}
    keys |= {table.name: ",".join(table.key) for table, _ in ACTIVITY}
    found = []
    for table, key in keys.items():
        if lake.exists(table):
            twice = lake.read(table).groupBy(*key.split(",")).count().where("count > 1").count()
            found += [f"{table}: {twice} values of {key} stand twice"] if twice else []
    return found


def _sales(lake: Lake, table: str) -> list[Sale]:
    return [
        Sale(row[0], row[1], row[2], row[3], _utc(row[4]), _utc(row[5]))
        for row in _collect(lake, table, _COLUMNS)
    ]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _places(lake: Lake) -> list[str]:
    return [row[0] for row in _collect(lake, "silver/quarantine", ("file",))]


def _users(lake: Lake) -> list[tuple[str, tuple[Any, ...]]]:
    columns = ("user_id", "purchase_frequency", "total_spend", "avg_transaction_value")
    rows = _collect(lake, "gold/user_features", (*columns, "last_purchase_date", "recency_days"))
    return [(row[0], tuple(row[1:])) for row in rows]


def _days(lake: Lake) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    rows = _collect(lake, "gold/customer_daily", ("customer_id", "day", "orders", "spend"))
    return [((row[0], row[1]), (row[2], row[3])) for row in rows]


def _collect(lake: Lake, table: str, columns: Iterable[str]) -> list[Any]:
    return lake.read(table).select(*columns).collect() if lake.exists(table) else []


def _rows(lake: Lake, table: str) -> int:
    return lake.read(table).count() if lake.exists(table) else 0


def _differs(what: str, found: Iterable[Any], expected: Iterable[Any]) -> list[str]:
    there, wanted = Counter(found), Counter(expected)
    missing, surplus = wanted - there, there - wanted
    said = [f"{what}: {sum(missing.values())} missing, as {_few(missing)}"] if missing else []
    return said + (
        [f"{what}: {sum(surplus.values())} too many, as {_few(surplus)}"] if surplus else []
    )


def _few(some: Counter[Any]) -> str:
    return "; ".join(str(one) for one in list(some)[:_SHOWN])


def _counted(what: str, found: int, expected: int) -> list[str]:
    return [] if found == expected else [f"{what}: {found} and not {expected}"]


def _not_recomputed(lake: Lake) -> list[str]:
    """Tables of activity that are not what all of silver gives, in every column."""
    silver = Silver(
        transactions=lake.read(_SALES),
        customers=lake.read(CUSTOMERS.name).limit(0),
        customers_history=lake.read_or_empty(history_table(CUSTOMERS)),
        sessions=None,
        events=None,
        interactions=None,
    )
    return [
        said
        for table, compute in ACTIVITY
        for said in _differ(table.name, compute(silver), lake.read(table.name))
    ]


def _features_not_recomputed(lake: Lake) -> list[str]:
    """Whether everybody is described as of the day after the newest sale, as their days say."""
    daily, products, responses, places = (lake.read(table.name) for table, _ in ACTIVITY)
    activity = Activity(daily, products, responses, places, frozenset({"transactions"}))
    history = History.of(activity.daily)
    computed = snapshots(activity, [history.day_after], history.observed_from)
    stored = lake.read(CUSTOMER_FEATURES.name).where(F.col(AS_OF) == history.day_after)
    return _differ(CUSTOMER_FEATURES.name, computed, stored)


def _differ(name: str, computed: DataFrame, stored: DataFrame) -> list[str]:
    stored = stored.select(*computed.columns)
    if content(computed) == content(stored):
        return []
    missing, surplus = computed.exceptAll(stored).count(), stored.exceptAll(computed).count()
    return [f"{name}: {missing} rows missing, {surplus} too many"]


def _open_account(lake: Lake) -> list[str]:
    missing = [name for name in fate_table_names(["transactions"]) if not lake.exists(name)]
    if missing:
        return [f"tables are missing: {missing}"]
    one = account(lake.read("bronze/transactions"), read_fates(lake, "transactions"))
    return [] if one.closed else [f"accounting: {one}"]
