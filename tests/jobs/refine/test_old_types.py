"""A lake whose quantities are integers is continued: one rewrite of each table, and equal rows."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.entities import QUANTITY, TRANSACTIONS
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.stored_tables import STORED
from tests import foreign
from tests.jobs.conftest import Shop, new_shop

Line = Callable[..., str]
SILVER = ("silver/transactions", "silver/transactions_history")
DAILY = "gold/customer_daily"
LINEAGE = {"record_id", "batch_id"}


def make_older(shop: Shop) -> None:
    """Store quantities as an older goldrun did, and hashes that do not fit today's content."""
    lake = shop.ctx.lake
    for name in SILVER:
        rows = lake.read(name).withColumn("quantity", F.col("quantity").cast("int"))
        hashes = F.concat_ws("-", "record_id", F.lit("old"))
        foreign.overwrite(lake, name, rows.withColumn("content_hash", hashes))
    if lake.exists(DAILY):
        rows = lake.read(DAILY).withColumn("pieces", F.col("pieces").cast("bigint"))
        foreign.overwrite(lake, DAILY, rows)
    shop.ctx = replace(shop.ctx, lake=Lake(lake.engine, lake.root, STORED))


def content(shop: Shop, name: str) -> list[tuple[Any, ...]]:
    rows = shop.ctx.lake.read(name)
    shown = [F.col(n).cast("string") for n in sorted(set(rows.columns) - LINEAGE)]
    return sorted(map(tuple, rows.select(*shown).collect()), key=str)


def gold(shop: Shop) -> None:
    with shop.ctx.tracker.run("gold", "goldrun-pipeline"):
        gold_tables.run(shop.ctx)


def versions(shop: Shop) -> dict[str, int]:
    return {name: DeltaTable(shop.ctx.lake.path(name)).version() for name in (*SILVER, DAILY)}


@pytest.fixture(scope="module")
def built(
    engine: Engine, tracker: Tracker, line: Line, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("old-types"))
    shop.add_file(
        "day1.csv",
        line("t1", "completed", 1),
        line("t2", "pending", 1, who="c2"),
        line("t2", "completed", 2, who="c2"),
        line("t3", "completed", 1, who="c3"),
    )
    shop.bronze()
    shop.silver()
    gold(shop)
    make_older(shop)
    shop.keep("older")
    return shop


@pytest.fixture
def old(built: Shop) -> Shop:
    """The shop with the lake of an older goldrun, an hour after its batch."""
    shop = built.restored("older").later()
    lake = shop.ctx.lake
    return replace(shop, ctx=replace(shop.ctx, lake=Lake(lake.engine, lake.root, STORED)))


def test_an_older_lake_is_continued_with_one_rewrite_of_each_table(old: Shop, line: Line) -> None:
    before = versions(old)
    old.silver()
    # No engine has to read changes across a change of types.
    assert old.rows("ops/gold_progress") == 0
    gold(old)
    once = versions(old)
    assert {name: once[name] - before[name] for name in SILVER} == dict.fromkeys(SILVER, 1)
    old.silver()
    gold(old)
    assert versions(old) == once
    kinds = dict(old.ctx.lake.read("silver/transactions").dtypes)
    assert kinds["quantity"] == "decimal(18,4)"
    assert dict(old.ctx.lake.read(DAILY).dtypes)["pieces"] == "decimal(28,4)"


def test_a_repeat_of_an_older_record_is_a_duplicate(old: Shop, line: Line) -> None:
    old.add_file("day2.csv", line("t1", "completed", 1))
    old.bronze()
    old.silver()
    assert old.rows("silver/duplicates") == 1
    assert old.rows("silver/transactions") == 3
    assert old.rows("silver/transactions_history") == 1


@pytest.mark.slow
def test_the_continued_lake_equals_a_build_of_all_files(old: Shop, line: Line) -> None:
    weight = line("t4", "completed", 1, who="c3").replace(",1,5,5,", ",0.435,5,5,")
    repeated = line("t1", "completed", 1)
    old.add_file("day2.csv", weight, repeated, line("t3", "refunded", 3, who="c3"))
    old.bronze()
    old.silver()
    gold(old)
    fresh_lake = Lake(old.ctx.lake.engine, f"{old.ctx.lake.root}-fresh")
    fresh = Shop(old.folder, replace(old.ctx, lake=fresh_lake))
    fresh.bronze()
    fresh.silver()
    gold(fresh)
    for name in (*SILVER, DAILY, "gold/customer_products", "gold/user_features"):
        assert content(old, name) == content(fresh, name), name
    assert old.rows("silver/duplicates") == 1
    total = old.ctx.lake.read(DAILY).agg(F.sum("pieces").cast("string")).collect()[0][0]
    assert total == "2.4350"


@pytest.mark.of_spark
def test_spark_keeps_the_layout_and_the_properties_of_a_rewritten_table(
    shop: Shop, line: Line
) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1))
    shop.bronze()
    shop.silver()
    path, session = shop.ctx.lake.path(SILVER[0]), shop.ctx.lake.session
    shown = "clusteringColumns", "properties"

    def detail() -> Any:
        return session.sql(f"DESCRIBE DETAIL delta.`{path}`").select(*shown).collect()[0]

    stored = lineage.silver_table(TRANSACTIONS)
    columns = [
        replace(c, type=T.IntegerType()) if c.name == QUANTITY else c for c in stored.columns
    ]
    older = replace(stored, columns=tuple(columns))
    rows = shop.ctx.lake.read(SILVER[0]).withColumn(QUANTITY, F.col(QUANTITY).cast("int"))
    kept = session.createDataFrame(rows.collect(), older.schema)
    shutil.rmtree(path)
    shop.ctx.lake.create(older)
    shop.ctx.lake.append(older, kept)
    before = detail()
    assert dict(shop.ctx.lake.read(SILVER[0]).dtypes)["quantity"] == "int"
    shop.silver()
    assert detail() == before
    assert dict(shop.ctx.lake.read(SILVER[0]).dtypes)["quantity"] == "decimal(18,4)"
