"""Compare the tables with the truth, and find keys that occur twice."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.gold import AS_OF
from goldrun.contracts.lineage import history_table
from goldrun.features.activity import Activity
from goldrun.features.asof import with_corrections
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES
from goldrun.features.labels import History
from goldrun.features.silver_tables import Silver
from goldrun.features.snapshots import snapshots
from goldrun.io.delta.differences import content
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.jobs.aggregate.activity import ACTIVITY
from goldrun.jobs.refine.tables import fate_tables, read_fates
from goldrun.medallion.accounting import account
from tests.faults.sales import Sale
from tests.faults.scenario import Scenario

_SALES = "silver/transactions"
_HISTORY = "silver/transactions_history"
_COLUMNS = (
    *("transaction_id", "customer_id", "amount", "transaction_status"),
    *("transaction_date", "updated_at"),
)
_SHOWN = 3


def find_differences(engine: Engine, scenario: Scenario) -> list[str]:
    """Return the differences to the truth after the stream has read all messages."""
    lake, truth = Lake(engine, str(scenario.lake)), scenario.truth()
    return [
        *_compare_rows("silver", _sales(lake, _SALES), truth.current.values()),
        *_compare_rows("history", _sales(lake, _HISTORY), truth.older),
        *_compare_rows("quarantine", _places(lake), truth.rejected),
        *_compare_count("duplicates", _rows(lake, "silver/duplicates"), truth.duplicates),
        *_accounting_differs(lake),
        *_compare_rows("user_features", _users(lake), truth.users().items()),
        *_compare_rows("customer_daily", _days(lake), truth.days().items()),
        *_activity_differs(lake),
        *_features_differ(lake),
    ]


def find_repeated_keys(engine: Engine, scenario: Scenario) -> list[str]:
    """Return tables with a repeated key or record, which is wrong even right after a kill."""
    lake = Lake(engine, str(scenario.lake))
    keys = {"bronze/transactions": "record_id", _SALES: "transaction_id", _HISTORY: "record_id"}
    keys |= {"silver/quarantine": "record_id", "silver/duplicates": "record_id"}
    keys |= {"gold/user_features": "user_id"}
    keys |= {table.name: ",".join(table.key) for table, _ in ACTIVITY}
    found = []
    for table, key in keys.items():
        if lake.exists(table):
            twice = lake.read(table).groupBy(*key.split(",")).count().where("count > 1").count()
            found += [f"{table}: {twice} values of {key} occur twice"] if twice else []
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
    if not lake.exists(CUSTOMER_DAILY.name):
        return []
    rows = with_corrections(lake.read(CUSTOMER_DAILY.name), CUSTOMER_DAILY)
    rows = rows.select("customer_id", "day", "orders", "spend")
    return [((row[0], row[1]), (row[2], row[3])) for row in rows.collect()]


def _collect(lake: Lake, table: str, columns: Iterable[str]) -> list[Any]:
    return lake.read(table).select(*columns).collect() if lake.exists(table) else []


def _rows(lake: Lake, table: str) -> int:
    return lake.read(table).count() if lake.exists(table) else 0


def _compare_rows(what: str, found: Iterable[Any], expected: Iterable[Any]) -> list[str]:
    actual, wanted = Counter(found), Counter(expected)
    missing, surplus = wanted - actual, actual - wanted
    differences = [(missing, "missing"), (surplus, "too many")]
    return [
        f"{what}: {sum(rows.values())} {problem}, such as {_examples(rows)}"
        for rows, problem in differences
        if rows
    ]


def _examples(some: Counter[Any]) -> str:
    return "; ".join(str(one) for one in list(some)[:_SHOWN])


def _compare_count(what: str, found: int, expected: int) -> list[str]:
    return [] if found == expected else [f"{what}: {found} instead of {expected}"]


def _activity_differs(lake: Lake) -> list[str]:
    """Compare the activity tables, in every column, with a computation from all of silver."""
    silver = Silver(
        transactions=lake.read(_SALES),
        transactions_history=_history(lake),
        customers=lake.read(CUSTOMERS.name).limit(0),
        customers_history=lake.read_or_empty(history_table(CUSTOMERS)),
        sessions=None,
        events=None,
        interactions=None,
    )
    return [
        difference
        for table, compute in ACTIVITY
        for difference in _compare_frames(table.name, compute(silver), lake.read(table.name))
    ]


def _history(lake: Lake) -> DataFrame | None:
    history = lake.read_or_empty(history_table(TRANSACTIONS))
    return None if history.isEmpty() else history


def _features_differ(lake: Lake) -> list[str]:
    """Compare the features as of the day after the newest sale with a computation from activity."""
    daily, products, responses, places = (lake.read(table.name) for table, _ in ACTIVITY)
    recorded, is_corrected = frozenset({"transactions"}), _history(lake) is not None
    activity = Activity(daily, products, responses, places, recorded, is_corrected)
    history = History.of(activity.daily)
    computed = snapshots(activity, [history.day_after], history.observed_from)
    stored = lake.read(CUSTOMER_FEATURES.name).where(F.col(AS_OF) == history.day_after)
    return _compare_frames(CUSTOMER_FEATURES.name, computed, stored)


def _compare_frames(name: str, computed: DataFrame, stored: DataFrame) -> list[str]:
    stored = stored.select(*computed.columns)
    if content(computed) == content(stored):
        return []
    missing, surplus = computed.exceptAll(stored).count(), stored.exceptAll(computed).count()
    return [f"{name}: {missing} rows missing, {surplus} too many"]


def _accounting_differs(lake: Lake) -> list[str]:
    missing = [t.name for t in fate_tables("transactions") if not lake.exists(t.name)]
    if missing:
        return [f"tables are missing: {missing}"]
    one = account(lake.read("bronze/transactions"), read_fates(lake, "transactions"))
    return [] if one.closed else [f"accounting: {one}"]
