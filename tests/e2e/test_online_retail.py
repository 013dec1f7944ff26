"""The shipped files up to gold, compared with pandas and the data set's published numbers."""

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import functions as F

from goldrun.features.labels import History, churn_labels
from goldrun.features.snapshots import customer_features
from goldrun.jobs.aggregate.activity import activity_in
from goldrun.jobs.context import Context
from goldrun.jobs.refine import silver

pytestmark = pytest.mark.e2e

FILES = sorted((Path(__file__).parents[2] / "data" / "online_retail").glob("*.csv.gz"))
END = date(2011, 12, 10)
MONEY = ["spend", "net_spend", "refunds"]
UNITS = 10_000
"""Money is compared in whole ten-thousandths, so that no comparison rounds."""


# The truth, computed with pandas ---------------------------------------------------------------


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    """Every line of the files, as text; empty fields are missing."""
    frames = (pd.read_csv(f, dtype=str, keep_default_na=False) for f in FILES)
    lines = pd.concat(frames, ignore_index=True)
    return lines.mask(lines == "")


def _identity(records: Iterable[Mapping[Hashable, object]]) -> list[str]:
    texts = (
        json.dumps(
            {k: v for k, v in record.items() if isinstance(v, str)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for record in records
    )
    return [hashlib.sha256(text.encode()).hexdigest() for text in texts]


@pytest.fixture(scope="module")
def validated(raw: pd.DataFrame) -> pd.DataFrame:
    """Every line with its numbers and the rules that it breaks."""
    units = (pd.to_numeric(raw.UnitPrice) * UNITS).round().astype("int64")
    assert (raw.UnitPrice.map(Decimal) * UNITS == units).all()
    quantity = pd.to_numeric(raw.Quantity).astype("int64")
    cancelled = raw.InvoiceNo.str.startswith("C")
    return raw.assign(
        quantity=quantity,
        units=units,
        amount=units * quantity,
        cancelled=cancelled,
        no_customer=raw.CustomerID.isna(),
        no_price=units <= 0,
        no_quantity=(quantity <= 0) & ~cancelled,
    )


@pytest.fixture(scope="module")
def truth(raw: pd.DataFrame, validated: pd.DataFrame) -> pd.DataFrame:
    """The rows that belong in silver."""
    accepted = validated[~(validated.no_customer | validated.no_price | validated.no_quantity)]
    accepted = accepted.drop_duplicates(list(raw.columns))
    local = pd.to_datetime(accepted.InvoiceDate).dt.tz_localize("Europe/London")
    times = local.dt.tz_convert("UTC").dt.tz_localize(None)
    return pd.DataFrame(
        {
            "transaction_id": _identity(accepted[list(raw.columns)].to_dict("records")),
            "order_id": accepted.InvoiceNo.str.strip(),
            "customer_id": accepted.CustomerID.astype(float).astype("int64").astype(str),
            "product_id": accepted.StockCode.str.strip(),
            "quantity": accepted.quantity,
            "price": accepted.units,
            "amount": accepted.amount,
            "currency": "GBP",
            "payment_method": "",
            "transaction_date": times,
            "transaction_status": accepted.cancelled.map({True: "cancelled", False: "completed"}),
            "updated_at": times,
        }
    )


@pytest.fixture(scope="module")
def days(truth: pd.DataFrame) -> pd.DataFrame:
    """Activity per customer and day, which is the same in London and in UTC."""
    rows = truth.assign(day=truth.transaction_date.dt.normalize())
    done = rows[rows.transaction_status == "completed"]
    by_day = done.groupby(["customer_id", "day"])

    def on_first_days(lines: pd.DataFrame) -> pd.Series:
        first = lines.groupby(["customer_id", "order_id"], as_index=False).day.min()
        return first.groupby(["customer_id", "day"]).size()

    sums = pd.DataFrame(index=rows.groupby(["customer_id", "day"]).size().index).assign(
        orders=on_first_days(done),
        spend=by_day.amount.sum(),
        lines=by_day.size(),
        pieces=by_day.quantity.sum(),
        net_spend=rows.groupby(["customer_id", "day"]).amount.sum(),
        refunds=-rows[rows.amount < 0].groupby(["customer_id", "day"]).amount.sum(),
        orders_placed=on_first_days(rows),
        orders_cancelled=on_first_days(rows[rows.transaction_status == "cancelled"]),
        orders_refunded=on_first_days(rows[rows.amount < 0]),
    )
    return sums.fillna(0).astype("int64").reset_index()


@pytest.fixture(scope="module")
def buyers(truth: pd.DataFrame) -> pd.DataFrame:
    """Orders, spend and first and last day of each customer with a completed order."""
    done = truth[truth.transaction_status == "completed"]
    orders = done.groupby(["customer_id", "order_id"], as_index=False).agg(
        first=("transaction_date", "min"), amount=("amount", "sum")
    )
    return orders.groupby("customer_id").agg(
        orders=("order_id", "size"),
        spend=("amount", "sum"),
        first=("first", lambda times: times.min().date()),
        last=("first", lambda times: times.max().date()),
    )


def test_every_line_is_of_the_same_day_in_london_and_in_utc(raw: pd.DataFrame) -> None:
    """The days are London's, and these figures equal those of days in UTC."""
    local = pd.to_datetime(raw.InvoiceDate)
    assert local.dt.hour.between(6, 20).all()
    in_utc = local.dt.tz_localize("Europe/London").dt.tz_convert("UTC")
    assert (in_utc.dt.date == local.dt.date).all()


# Bronze and silver -----------------------------------------------------------------------------


def test_bronze_has_every_line_of_the_files(retail: Context, raw: pd.DataFrame) -> None:
    bronze = retail.lake.read("bronze/transactions")
    assert len(raw) == bronze.count() == 541_909
    assert bronze.select("record_id").distinct().count() == 541_909
    assert bronze.select("file", "fingerprint").distinct().count() == len(FILES) == 13
    assert bronze.where("malformed is not null").count() == 0


def test_every_record_has_exactly_one_fate(retail: Context) -> None:
    account = silver.accounts(retail)["transactions"]
    assert account.closed
    assert account.records == 541_909
    assert account.fates == {
        "silver": 401_564,
        "superseded": 0,
        "duplicate": 5_225,
        "quarantined": 135_120,
        "erased": 0,
    }
    assert account.reject_share == 135_120 / 541_909


def test_silver_has_the_known_numbers(retail: Context, truth: pd.DataFrame) -> None:
    rows = retail.lake.read("silver/transactions")
    found = {r[0]: r[1] for r in rows.groupBy("transaction_status").count().collect()}
    assert found == {"completed": 392_692, "cancelled": 8_872}
    assert found == truth.transaction_status.value_counts().to_dict()
    done = rows.where("transaction_status = 'completed'")
    money, people, orders = done.selectExpr(
        "sum(amount)", "count(distinct customer_id)", "count(distinct order_id)"
    ).collect()[0]
    assert (money, people, orders) == (Decimal("8887208.8940"), 4_338, 18_532)
    assert round(money, 2) == Decimal("8887208.89")


def test_silver_equals_pandas_row_by_row(retail: Context, truth: pd.DataFrame) -> None:
    # Times leave Spark as numbers, because the driver's time zone would shift them.
    found = (
        retail.lake.read("silver/transactions")
        .select(
            *[
                (F.col(name) * UNITS).cast("bigint").alias(name)
                if name in {"price", "amount", "quantity"}
                else F.unix_seconds(name).alias(name)
                if name in {"transaction_date", "updated_at"}
                else F.coalesce(name, F.lit("")).alias(name)
                if name == "payment_method"
                else F.col(name)
                for name in truth.columns
            ]
        )
        .toPandas()
        .sort_values("transaction_id", ignore_index=True)
    )
    expected = truth.assign(
        quantity=truth.quantity * UNITS,
        transaction_date=truth.transaction_date.astype("datetime64[s]").astype("int64"),
        updated_at=truth.updated_at.astype("datetime64[s]").astype("int64"),
    ).sort_values("transaction_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_times_are_utc_so_a_summer_morning_is_an_hour_earlier(retail: Context) -> None:
    bronze = retail.lake.read("bronze/transactions").select(
        "record_id", F.col("record")["InvoiceDate"].alias("InvoiceDate")
    )
    rows = retail.lake.read("silver/transactions").join(bronze, "record_id")
    shift = F.unix_seconds(F.col("InvoiceDate").cast("timestamp")) - F.unix_seconds(
        "transaction_date"
    )
    by_month = rows.groupBy(F.substring("InvoiceDate", 1, 7)).agg(F.min(shift), F.max(shift))
    found = {month: (low, high) for month, low, high in by_month.collect()}
    assert found.pop("2011-03") == (0, 3600)
    assert found.pop("2011-10") == (0, 3600)
    summer = {f"2011-{month:02}" for month in range(4, 10)}
    assert found == {month: (3600, 3600) if month in summer else (0, 0) for month in found}


def test_quarantine_names_the_known_reasons(retail: Context, validated: pd.DataFrame) -> None:
    rows = retail.lake.read("silver/quarantine")
    reasons = rows.select(F.explode("reasons").alias("reason")).groupBy("reason").count()
    found = {r["reason"]: r["count"] for r in reasons.collect()}
    expected = {
        "customer_id_missing": int(validated.no_customer.sum()),
        "price_not_positive": int(validated.no_price.sum()),
        "quantity_not_positive": int(validated.no_quantity.sum()),
    }
    assert list(expected.values()) == [135_080, 2_517, 1_336]
    assert {name: found[name] for name in expected} == expected
    # The two lines with a negative price are refunds without a cancellation.
    assert found == expected | {"price_negative": 2, "amount_negative": 2}


def test_quarantine_has_exactly_the_lines_that_break_a_rule(
    retail: Context, validated: pd.DataFrame
) -> None:
    columns = ["InvoiceNo", "StockCode", "Quantity", "UnitPrice", "InvoiceDate", "Description"]
    fields = ", ".join(f"{name} string" for name in columns)
    found = (
        retail.lake.read("silver/quarantine")
        .select(F.from_json("record", fields).alias("r"), F.size("reasons").alias("broken"))
        .select("r.*", "broken")
        .toPandas()
    )
    assert (found.pop("broken") > 0).all()
    bad = validated[validated.no_customer | validated.no_price | validated.no_quantity]
    assert len(bad) == 135_120
    expected = bad[columns].fillna("").sort_values(columns, ignore_index=True)
    found = found.fillna("").sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected)


def test_duplicates_repeat_the_whole_kept_line(retail: Context) -> None:
    rows = retail.lake.read("silver/duplicates")
    assert rows.count() == 5_225
    text = retail.lake.read("bronze/transactions").select(
        "record_id", F.to_json("record").alias("text")
    )
    kept = text.select(F.col("record_id").alias("kept_record_id"), F.col("text").alias("kept"))
    pairs = rows.join(text, "record_id").join(kept, "kept_record_id")
    assert pairs.where("text = kept and record_id <> kept_record_id").count() == 5_225


def test_each_buyer_is_a_customer_at_the_latest_place(
    retail: Context, raw: pd.DataFrame, validated: pd.DataFrame
) -> None:
    accepted = validated[~(validated.no_customer | validated.no_price | validated.no_quantity)]
    accepted = accepted.assign(
        customer=accepted.CustomerID.astype(float).astype("int64").astype(str)
    )
    latest = accepted.sort_values(["InvoiceDate", "Country"], ascending=[False, True])
    expected = latest.groupby("customer").Country.first().to_dict()
    rows = retail.lake.read("silver/customers").collect()
    assert len(rows) == len(expected) == 4_371
    assert {row["customer_id"]: row["location"] for row in rows} == expected
    assert {(row["name"], row["email"], row["phone"]) for row in rows} == {(None, None, None)}


# Gold ------------------------------------------------------------------------------------------


def test_customer_daily_equals_pandas_row_by_row(retail: Context, days: pd.DataFrame) -> None:
    rows = retail.lake.read("gold/customer_daily")
    found = (
        rows.withColumns({name: (F.col(name) * UNITS).cast("bigint") for name in MONEY})
        .withColumn("pieces", (F.col("pieces") * UNITS).cast("bigint"))
        .toPandas()
        .assign(day=lambda frame: pd.to_datetime(frame.day))
        .sort_values(["customer_id", "day"], ignore_index=True)
    )
    whole = days.assign(pieces=days.pieces * UNITS)
    expected = whole.sort_values(["customer_id", "day"], ignore_index=True)
    pd.testing.assert_frame_equal(found[list(expected.columns)], expected, check_dtype=False)


def _rounded(units: int, orders: int, places: str) -> Decimal:
    return (Decimal(units) / UNITS / orders).quantize(Decimal(places), ROUND_HALF_UP)


def test_user_features_are_right_to_the_cent_for_every_customer(
    retail: Context, buyers: pd.DataFrame
) -> None:
    found = {tuple(row) for row in retail.lake.read("gold/user_features").collect()}
    last_day = date(2011, 12, 9)
    expected = {
        (
            who,
            row.orders,
            _rounded(row.spend, 1, "0.01"),
            _rounded(row.spend, row.orders, "0.01"),
            row["last"],
            (last_day - row["last"]).days,
        )
        for who, row in buyers.iterrows()
    }
    assert len(expected) == 4_338
    assert found == expected


def test_a_customer_who_bought_on_the_last_day_has_recency_zero(retail: Context) -> None:
    rows = retail.lake.read("gold/user_features").where("recency_days = 0").collect()
    assert rows
    assert {row["last_purchase_date"] for row in rows} == {date(2011, 12, 9)}


def _features(days: pd.DataFrame, as_of: date, first: date) -> pd.DataFrame:
    at = pd.Timestamp(as_of)
    known = days[days.day < at]
    groups = known.groupby("customer_id")
    bought = known[known.orders > 0].groupby("customer_id").day.agg(["min", "max"])
    sums = groups[[*MONEY, "orders", "orders_placed", "orders_cancelled", "orders_refunded"]].sum()
    sums = sums[sums.orders > 0].join(bought)
    found = pd.DataFrame(
        {
            "purchase_frequency": sums.orders,
            "total_spend": sums.spend,
            "net_spend": sums.net_spend,
            "refunded_amount": sums.refunds,
            "refund_rate": sums.refunds / sums.spend.where(sums.spend > 0),
            "refunded_order_rate": sums.orders_refunded / sums.orders_placed,
            "avg_transaction_value": [
                int(_rounded(s, n, "0.0001") * UNITS)
                for s, n in zip(sums.spend.tolist(), sums.orders.tolist(), strict=True)
            ],
            "last_purchase_date": sums["max"],
            "recency_days": (at - sums["max"]).dt.days,
            "tenure_days": (at - sums["min"]).dt.days,
            "cancellation_rate": sums.orders_cancelled / sums.orders_placed,
        }
    )
    for window in (30, 90, 180):
        start = at - pd.Timedelta(days=window)
        inside = known[known.day >= start].groupby("customer_id")[["orders", *MONEY]].sum()
        inside = inside.reindex(found.index).fillna(0).astype("int64")
        known_window = pd.Timestamp(first) <= start
        found[f"transaction_frequency_last_{window}_days"] = (
            inside.orders if known_window else float("nan")
        )
        found[f"spend_last_{window}_days"] = inside.spend if known_window else float("nan")
        unknown = pd.Series(float("nan"), index=found.index)
        rate = inside.refunds / inside.spend.where(inside.spend > 0)
        found[f"net_spend_last_{window}_days"] = inside.net_spend if known_window else unknown
        found[f"refunded_amount_last_{window}_days"] = inside.refunds if known_window else unknown
        found[f"refund_rate_last_{window}_days"] = rate if known_window else unknown
    return found.sort_index()


@pytest.mark.parametrize("as_of", [END, date(2011, 9, 10), date(2011, 3, 12), date(2011, 1, 1)])
def test_customer_features_equal_pandas_for_every_customer(
    retail: Context, days: pd.DataFrame, as_of: date
) -> None:
    first = date(2010, 12, 1)
    if as_of == END:
        rows = retail.lake.read("gold/customer_features").where(F.col("as_of") == F.lit(as_of))
    else:
        rows = customer_features(activity_in(retail), as_of, first)
    money = [n for n, kind in rows.dtypes if kind.startswith("decimal")]
    found = (
        rows.select(
            *[
                (F.col(n) * UNITS).cast("bigint").alias(n) if n in money else F.col(n)
                for n in rows.columns
                if n != "as_of"
            ]
        )
        .toPandas()
        .assign(last_purchase_date=lambda frame: pd.to_datetime(frame.last_purchase_date))
        .set_index("customer_id")
        .sort_index()
    )
    expected = _features(days, as_of, first)
    pd.testing.assert_frame_equal(found[list(expected.columns)], expected, check_dtype=False)


def test_net_spend_of_the_largest_returns_is_the_known_one(
    retail: Context, truth: pd.DataFrame
) -> None:
    rows = retail.lake.read("gold/customer_features").where(F.col("as_of") == F.lit(END))
    found = {row.customer_id: row for row in rows.collect()}
    fourth = found["16446"]
    assert (fourth.total_spend, fourth.net_spend) == (Decimal("168472.5"), Decimal("2.9"))
    by_spend = sorted(found.values(), key=lambda row: -row.total_spend)
    assert by_spend[3] is fourth
    tenth = by_spend[9]
    assert (tenth.customer_id, tenth.net_spend) == ("12346", 0)
    assert tenth.refund_rate == 1
    # In whole ten-thousandths: sums of doubles miss five customers who net exactly 0.
    net = truth.groupby("customer_id").amount.sum()
    buyers = net[truth[truth.transaction_status == "completed"].customer_id.unique()]
    assert ((buyers <= 0).sum(), (buyers < 0).sum(), len(buyers)) == (21, 8, 4_338)
    assert {who: int(row.net_spend * UNITS) for who, row in found.items()} == buyers.to_dict()


def test_the_history_is_the_one_of_the_data_set(retail: Context) -> None:
    history = History.of(retail.lake.read("gold/customer_daily"))
    assert history == History(date(2010, 12, 1), date(2011, 12, 9), date(2011, 12, 9))
    assert history.day_after == END
    assert history.latest_labelled(90) == date(2011, 9, 10)


def test_one_sale_six_weeks_later_moves_neither_the_end_nor_the_test_date(retail: Context) -> None:
    daily = retail.lake.read("gold/customer_daily")
    stray = daily.limit(1).withColumn("day", F.lit(date(2012, 1, 20)))
    history = History.of(daily.unionByName(stray))
    assert (history.observed_until, history.sold_until) == (date(2011, 12, 9), date(2011, 12, 9))
    assert (history.day_after, history.latest_labelled(90)) == (END, date(2011, 9, 10))
    assert list(history.after_the_end) == [date(2012, 1, 20)]


def test_population_and_churn_share_are_the_known_ones(retail: Context, days: pd.DataFrame) -> None:
    as_of = date(2011, 9, 10)
    daily = retail.lake.read("gold/customer_daily")
    features = customer_features(activity_in(retail), as_of, date(2010, 12, 1))
    found = churn_labels(daily, features, 90).toPandas().set_index("customer_id").churned
    at = pd.Timestamp(as_of)
    bought = days[days.orders > 0]
    population = set(bought[bought.day < at].customer_id)
    window = (bought.day >= at) & (bought.day < at + pd.Timedelta(days=90))
    returned = set(bought[window].customer_id)
    assert len(found) == 3_370
    assert found.sum() == 1_451
    assert found.mean() == pytest.approx(0.430, abs=0.001)
    assert found.to_dict() == {who: int(who not in returned) for who in population}
