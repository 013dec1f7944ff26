"""Sums per customer and day, against pandas."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from goldrun.features.activity import customer_daily
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.features.purchases_by_day import purchases_by_day
from goldrun.features.silver_tables import Silver
from tests.features.markets import ENTITIES, Market, line, silver_of

STATUSES = ("completed", "completed", "pending", "cancelled", "refunded", "failed")
Line = tuple[str, str, str, str, float, int | str]
Daily = Callable[..., dict[tuple[str, date], dict[str, float]]]


def silver_with(spark: SparkSession, lines: list[Line]) -> Silver:
    rows = [
        line(who, f"t{n}", order, when, str(amount), transaction_status=status, quantity=quantity)
        for n, (who, order, when, status, amount, quantity) in enumerate(lines)
    ]
    market: Market = {entity: [] for entity in ENTITIES} | {"transactions": rows}
    return silver_of(spark, market, "sessions", "events", "interactions")


@pytest.fixture(scope="module")
def daily(spark: SparkSession) -> Daily:
    def compute(*lines: Line) -> dict[tuple[str, date], dict[str, float]]:
        rows = customer_daily(silver_with(spark, list(lines)))
        assert rows.columns == list(CUSTOMER_DAILY.names)
        return {
            (row["customer_id"], row["day"]): {
                name: float(row[name]) for name in CUSTOMER_DAILY.names[3:]
            }
            for row in rows.collect()
        }

    return compute


def numbers(**given: float) -> dict[str, float]:
    return dict.fromkeys(CUSTOMER_DAILY.names[3:], 0.0) | given


def test_an_order_over_two_days_is_counted_once_on_the_first(daily: Daily) -> None:
    found = daily(
        ("c", "o", "2024-01-01 23:59:59", "completed", 10.0, 1),
        ("c", "o", "2024-01-02 00:00:00", "completed", 5.5, 2),
    )
    assert found == {
        ("c", date(2024, 1, 1)): numbers(
            orders=1, spend=10, net_spend=10, lines=1, pieces=1, orders_placed=1, transactions=1
        ),
        ("c", date(2024, 1, 2)): numbers(
            spend=5.5, net_spend=5.5, lines=1, pieces=2, transactions=1
        ),
    }


def test_an_order_completed_later_is_placed_on_one_day_and_bought_on_another(
    daily: Daily,
) -> None:
    found = daily(
        ("c", "o", "2024-01-01 10:00:00", "pending", 10.0, 1),
        ("c", "o", "2024-01-03 10:00:00", "completed", 4.0, 1),
    )
    assert found == {
        ("c", date(2024, 1, 1)): numbers(orders_placed=1, transactions=1),
        ("c", date(2024, 1, 3)): numbers(
            orders=1, spend=4, net_spend=4, lines=1, pieces=1, transactions=1
        ),
    }


def test_a_cancelled_order_is_activity_without_spend(daily: Daily) -> None:
    found = daily(("c", "o", "2024-01-01 10:00:00", "cancelled", -10.0, -3))
    assert found == {
        ("c", date(2024, 1, 1)): numbers(
            orders_placed=1,
            orders_cancelled=1,
            orders_refunded=1,
            transactions=1,
            refunds=10,
            net_spend=-10,
        )
    }


def test_a_partly_cancelled_order_is_both_completed_and_cancelled(daily: Daily) -> None:
    found = daily(
        ("c", "o", "2024-01-01 10:00:00", "completed", 10.0, 3),
        ("c", "o", "2024-01-02 10:00:00", "cancelled", -5.0, -1),
        ("c", "o", "2024-01-04 10:00:00", "cancelled", -5.0, -1),
    )
    assert found == {
        ("c", date(2024, 1, 1)): numbers(
            orders=1, spend=10, net_spend=10, lines=1, pieces=3, orders_placed=1, transactions=1
        ),
        ("c", date(2024, 1, 2)): numbers(
            orders_cancelled=1, orders_refunded=1, transactions=1, refunds=5, net_spend=-5
        ),
        ("c", date(2024, 1, 4)): numbers(transactions=1, refunds=5, net_spend=-5),
    }


MONEY = ("spend", "refunds", "net_spend", "orders_refunded")


@pytest.mark.parametrize(
    ("status", "amount", "counted"),
    [
        ("completed", 10.0, (10, 0, 10, 0)),
        # The payment itself was undone: it is no spend, so it is not taken off once more.
        ("refunded", 10.0, (0, 10, 0, 1)),
        ("refunded", -10.0, (0, 10, -10, 1)),
        ("cancelled", -10.0, (0, 10, -10, 1)),
        ("cancelled", 10.0, (0, 0, 0, 0)),
        ("pending", 10.0, (0, 0, 0, 0)),
        ("failed", 10.0, (0, 0, 0, 0)),
    ],
)
def test_a_refund_counts_as_a_status_or_as_a_negative_amount(
    daily: Daily, status: str, amount: float, counted: tuple[float, ...]
) -> None:
    (row,) = daily(("c", "o", "2024-01-01 10:00:00", status, amount, 1)).values()
    assert tuple(row[name] for name in MONEY) == counted


def test_partial_refunds_of_one_order_are_on_their_days_and_the_order_counts_once(
    daily: Daily,
) -> None:
    found = daily(
        ("c", "o", "2024-01-01 10:00:00", "completed", 10.0, 3),
        ("c", "o", "2024-02-01 10:00:00", "refunded", -2.5, 0),
        ("c", "o", "2024-03-01 10:00:00", "refunded", -4.0, -1),
    )
    rows = [tuple(row[name] for name in (*MONEY, "orders_placed")) for row in found.values()]
    assert sorted(rows) == [(0, 2.5, -2.5, 1, 0), (0, 4, -4, 0, 0), (10, 0, 10, 0, 1)]


def test_one_order_number_of_two_customers_is_two_orders(daily: Daily) -> None:
    found = daily(
        ("c", "o", "2024-01-01 10:00:00", "completed", 1.0, 1),
        ("d", "o", "2024-01-01 10:00:00", "completed", 1.0, 1),
    )
    assert [row["orders"] for row in found.values()] == [1, 1]


def test_purchases_are_added_up_without_a_join_which_would_have_to_fit_into_memory(
    spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    one = silver_with(spark, [("ann", "o1", "2024-01-01 10:00:00", "completed", 1.0, 1)])
    purchases_by_day(one.dated_transactions(), one.orders_by_day()).explain()
    plan = capsys.readouterr().out
    assert "Aggregate" in plan
    assert "Join" not in plan


def test_weights_are_added_exactly(daily: Daily) -> None:
    found = daily(
        ("c", "o", "2024-01-01 10:00:00", "completed", 1.0, "0.435"),
        ("c", "o", "2024-01-01 11:00:00", "completed", 1.0, "0.1"),
        ("c", "o", "2024-01-01 12:00:00", "cancelled", 1.0, "7.5"),
    )
    assert found[("c", date(2024, 1, 1))]["pieces"] == 0.535


def test_pieces_do_not_overflow(daily: Daily) -> None:
    most = "99999999999999.9999"
    found = daily(
        ("c", "o", "2024-01-01 10:00:00", "completed", 1.0, most),
        ("c", "o", "2024-01-01 11:00:00", "completed", 1.0, most),
    )
    assert found[("c", date(2024, 1, 1))]["pieces"] == float(2 * Decimal(most))


def random_lines(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = 300
    hours = rng.integers(0, 24 * 6, size)
    lines = pd.DataFrame(
        {
            "customer_id": rng.choice(["a", "b", "c"], size),
            "order_id": rng.choice([f"o{n}" for n in range(40)], size),
            "at": pd.Timestamp("2024-02-26 00:00") + pd.to_timedelta(hours, unit="h"),
            "status": rng.choice(STATUSES, size),
            "amount": rng.integers(1, 100_000, size) / 100,
            "quantity": rng.integers(1, 50, size),
            "gives_back": rng.random(size) < 0.5,
        }
    )
    gives_back = lines.pop("gives_back") & lines.status.isin(["cancelled", "refunded"])
    return lines.assign(amount=lines.amount.where(~gives_back, -lines.amount))


def pandas_daily(lines: pd.DataFrame) -> pd.DataFrame:
    """The same by counting day by day what is there."""
    lines = lines.assign(day=lines["at"].dt.date, cents=(lines["amount"] * 100).round().astype(int))
    by_day = lines.groupby(["customer_id", "day"])
    done = lines[lines.status == "completed"]
    done_by_day = done.groupby(["customer_id", "day"])
    key = [lines.customer_id, lines.day]
    back = lines.cents.abs().where(
        (lines.status == "refunded") | ((lines.status == "cancelled") & (lines.cents < 0)), 0
    )
    paid = lines.cents.where(lines.status.isin(["completed", "refunded"]), 0).clip(lower=0)

    def first_days(rows: pd.DataFrame) -> pd.Series:
        first = rows.groupby(["customer_id", "order_id"]).day.min().reset_index()
        return first.groupby(["customer_id", "day"]).size()

    return (
        pd.DataFrame(index=by_day.size().index)
        .assign(
            orders=first_days(done),
            cents=done_by_day.cents.sum(),
            lines=done_by_day.size(),
            pieces=done_by_day.quantity.sum(),
            orders_placed=first_days(lines),
            orders_cancelled=first_days(lines[lines.status == "cancelled"]),
            orders_refunded=first_days(lines[back > 0]),
            refunds=back.groupby(key).sum(),
            net_spend=paid.groupby(key).sum() - back.groupby(key).sum(),
            transactions=by_day.size(),
        )
        .fillna(0)
        .astype("int64")
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_lines_add_up_as_in_pandas(spark: SparkSession, seed: int) -> None:
    lines = random_lines(seed)
    rows: list[Line] = list(
        lines.assign(at=lines["at"].astype(str)).itertuples(index=False, name=None)
    )
    found = (
        customer_daily(silver_with(spark, rows))
        .withColumn("cents", (F.col("spend") * 100).cast("bigint"))
        .withColumn("refunds", (F.col("refunds") * 100).cast("bigint"))
        .withColumn("net_spend", (F.col("net_spend") * 100).cast("bigint"))
        .withColumn("pieces", (F.col("pieces") * 10_000).cast("bigint"))
        .drop("spend")
        .toPandas()
        .set_index(["customer_id", "day"])
        .sort_index()
    )
    expected = pandas_daily(lines).sort_index()
    expected = expected.assign(pieces=expected.pieces * 10_000)
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)
