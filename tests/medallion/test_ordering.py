"""Text keys that sort by time and then text, in every engine."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from goldrun.medallion.ordering import ascending, newest_first

_FARTHEST = 250_000_000_000_000_000
MICROS = st.integers(-62_000_000_000_000_000, _FARTHEST) | st.integers(-2, 2)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)


@settings(max_examples=10, deadline=None)
@given(st.sets(st.tuples(MICROS, TEXTS), min_size=2, max_size=40))
def test_the_sort_key_orders_by_time_and_text(
    spark: SparkSession, pairs: set[tuple[int, str]]
) -> None:
    rows = spark.createDataFrame(sorted(pairs), "micros bigint, x string").select(
        "micros", "x", F.timestamp_micros("micros").alias("at")
    )
    up = [(r.micros, r.x) for r in rows.orderBy(ascending("at", "x")).collect()]
    assert up == sorted(pairs, key=lambda pair: (pair[0], pair[1].encode()))
    down = [(r.micros, r.x) for r in rows.orderBy(newest_first("at", "x")).collect()]
    assert down == sorted(pairs, key=lambda pair: (-pair[0], pair[1].encode()))


def test_a_missing_time_or_text_has_no_sort_key(spark: SparkSession) -> None:
    rows = spark.sql(
        "select timestamp_micros(0) at, 'x' x, cast(null as string) nothing, "
        "cast(null as timestamp) never"
    )
    keys = rows.select(
        ascending("at", "nothing"), ascending("never", "x"), newest_first("never", "x")
    )
    assert list(keys.collect()[0]) == [None, None, None]
