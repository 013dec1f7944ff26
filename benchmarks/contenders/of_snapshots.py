"""Ways to write snapshots of features as of several dates, each in a process of its own.

``python -m benchmarks.contenders.of_snapshots WAY NUMBER FOLDER``: the way ``fill`` writes the
daily tables of NUMBER customers into the lake in FOLDER, the others the features as of NUMBER
dates. The way ``write alone`` writes those that are stored in the folder ``COMPUTED`` already.
"""

import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pyspark.sql import functions as F

from benchmarks.contenders import Steps
from benchmarks.feed import settings_of
from goldrun.contracts.gold import AS_OF
from goldrun.contracts.table import Table
from goldrun.features.catalog.feature_tables import ACTIVITY, CUSTOMER_FEATURES
from goldrun.features.catalog.non_additive_tables import CUSTOMER_RESPONSES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate.snapshots import write_snapshots
from goldrun.jobs.context import Context

FIRST = date(2024, 1, 1)
LAST = FIRST + timedelta(days=729)
FILL, ONE = "fill", "one date"
TOGETHER, EACH = "all dates in one call", "a pass for each date"
WRITE = "write alone"
COMPUTED = "computed"
_DAY = f"date_add(DATE'{FIRST}', CAST((id * 37 + n * 73) % 730 AS INT))"
_VALUES = {
    "customer_id": "concat('c', id)",
    **dict.fromkeys(("day", "known_from"), _DAY),
    "product_id": "concat('p', (id * 7 + n) % 4000)",
    **dict.fromkeys(("location", "customer_segment"), "''"),
    **dict.fromkeys(("orders", "lines", "pieces", "orders_placed", "transactions"), "1"),
    **dict.fromkeys(("spend", "net_spend"), "(id + n) % 97 + 1"),
}
"""Expression by column, of purchase ``n`` of customer ``id``; other columns are 0."""


def fill(ctx: Context, customers: int) -> None:
    """Write the daily tables; each customer has 1 to 10 days with an order, 73 days apart."""
    numbers = F.explode(F.expr("sequence(0, CAST(id * 7919 % 10 AS INT))"))
    purchases = ctx.lake.session.range(customers).select("id", numbers.alias("n"))
    for table in ACTIVITY:
        rows = purchases.limit(0) if table is CUSTOMER_RESPONSES else purchases
        ctx.lake.replace(table, rows.selectExpr(*_expressions(table)))


def _expressions(table: Table) -> list[str]:
    return [
        f"CAST({_VALUES.get(c.name, '0')} AS {c.type.simpleString()}) AS {c.name}"
        for c in table.columns
    ]


def write_computed(ctx: Context, folder: Path, number: int) -> None:
    """Write stored features of so many dates again, a part for each date."""
    rows = ctx.lake.session.read.format("delta").load(str(folder / COMPUTED))
    (dates,) = passes(TOGETHER, number)
    ctx.lake.replace(CUSTOMER_FEATURES, [rows.where(F.col(AS_OF) == F.lit(day)) for day in dates])


def passes(way: str, number: int) -> list[list[date]]:
    """Return the dates of each pass of a way: up to the last day, four weeks apart."""
    dates = [LAST - timedelta(days=28 * back) for back in reversed(range(number))]
    return {ONE: [dates[-1:]], TOGETHER: [dates], EACH: [[day] for day in dates]}[way]


def main(way: str, number: int, folder: Path) -> None:
    """Do the work of a way and report its seconds."""
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    steps, tracker, lake = Steps(), Tracker(), str(folder / "lake")
    source = load_source(str(settings_of(folder)))
    with tracker.run("benchmark", "benchmark"), open_engine(engine_for(lake)) as engine:
        ctx = Context(Lake(engine, lake), tracker, source, datetime.now(UTC))
        with steps.step("writing"):
            if way == FILL:
                fill(ctx, number)
            elif way == WRITE:
                write_computed(ctx, folder, number)
            else:
                for dates in passes(way, number):
                    write_snapshots(ctx, dates)
    steps.report()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
