"""The profile of a table: rows, nulls and ranges, of stored and of computed rows."""

from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.io.delta.lake import Lake
from goldrun.monitoring.profile import Profile, profile_table

SALES = Table(
    name="gold/sales",
    grain="one sale",
    key=("id",),
    columns=(
        Column("id", T.StringType(), "Which.", required=True),
        Column("day", T.DateType(), "When."),
        Column("spend", T.DecimalType(18, 4), "How much.", unit="currency"),
        Column("share", T.DoubleType(), "Of all."),
    ),
)
ROWS = [
    ("a", date(2025, 1, 3), Decimal("2.5"), None),
    ("b", None, Decimal("-1.25"), 0.5),
    ("c", date(2025, 1, 1), None, None),
]


@pytest.fixture(params=["computed", "stored", "stored twice"])
def profile(request: pytest.FixtureRequest, lake: Lake) -> Profile:
    if request.param == "computed":
        return profile_table(lake.frame(SALES, ROWS), SALES)
    first = 1 if request.param == "stored twice" else 3
    for rows in (ROWS[:first], ROWS[first:]):
        if rows:
            lake.append(SALES, lake.frame(SALES, rows))
    return profile_table(lake.read(SALES.name), SALES)


def test_rows_and_nulls_are_counted(profile: Profile) -> None:
    assert profile.rows == len(ROWS)
    nulls = profile.columns.set_index("column")["nulls"]
    assert nulls.to_dict() == {"id": 0, "day": 1, "spend": 1, "share": 2}


def test_ranges_are_those_of_the_values_and_omit_ids(profile: Profile) -> None:
    rows = profile.columns[["column", "minimum", "maximum"]].itertuples(index=False)
    ranges = {name: (low, high) for name, low, high in rows}
    assert ranges["id"] == (None, None)
    assert ranges["day"] == ("2025-01-01", "2025-01-03")
    assert tuple(map(Decimal, ranges["spend"])) == (Decimal("-1.25"), Decimal("2.5"))
    assert tuple(map(float, ranges["share"])) == (0.5, 0.5)


def test_only_numbers_are_metrics(profile: Profile) -> None:
    metrics = profile.metrics()
    assert metrics["sales.total_records"] == 3
    assert metrics["sales.total_columns"] == 4
    assert metrics["sales.share.nulls"] == 2
    assert (metrics["sales.spend.min"], metrics["sales.spend.max"]) == (-1.25, 2.5)
    assert not [name for name in metrics if name.startswith(("sales.day.m", "sales.id.m"))]


def test_a_table_without_rows_has_no_range(lake: Lake) -> None:
    lake.create(SALES)
    empty = profile_table(lake.read(SALES.name), SALES)
    assert empty.rows == 0
    assert not empty.columns["nulls"].any()
    assert empty.columns["minimum"].isna().all()
