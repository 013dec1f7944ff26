"""A lake that holds many transactions already, filled faster than they could have come.

Bronze and silver get the same records, in the files and in the order in which a stream and its
compaction leave them; every record has its fate, so the accounting is closed. Gold is made by
goldrun's own code.
"""

from datetime import UTC, datetime

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.messages import CUSTOMERS, DIRT, PRODUCTS, SPREAD
from goldrun.contracts import entities as E
from goldrun.contracts import lineage as L
from goldrun.io.json_files import parse_json
from goldrun.io.lines import LINE, one_piece_a_task
from goldrun.io.streams import EVENT_AT
from goldrun.medallion.bronze import Batch, to_bronze
from goldrun.medallion.silver import accept
from pipelines.steps import silver
from pipelines.steps.context import Context

ROWS_A_DAY = 27_400
"""So 100 thousand rows are four days, a million five weeks, ten million a year."""
_ROWS_A_FILE = 400_000
"""About as many as fit into the files that compaction makes."""
_ENTITY = "transactions"
_FIRST_DAY = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
_FILLED = Batch.at(datetime(2026, 2, 1, tzinfo=UTC))


def fill(ctx: Context, rows: int, *, random_keys: bool) -> None:
    """Write the first transactions into bronze and silver, and derive their customers."""
    spark, lake, table = ctx.lake.spark, ctx.lake, E.TRANSACTIONS
    numbers = spark.range(0, rows, 1, -(-rows // _ROWS_A_FILE))
    values = values_of(F.col("id"), random_keys=random_keys)
    pairs = [part for name, value in values.items() for part in (F.lit(name), value)]
    raw = numbers.select(
        F.create_map(*pairs).alias(L.RECORD),
        F.lit(None).cast("string").alias(L.MALFORMED),
        *_place(F.col("id"), F.lit("")),
    )
    lake.append(
        L.bronze_table(_ENTITY),
        to_bronze(raw, entity=_ENTITY, source=ctx.source.name, batch=_FILLED),
    )
    text = {c.name: F.col(L.RECORD)[c.name] for c in table.columns}
    text[E.UPDATED_AT] = text[E.TRANSACTION_DATE]
    typed = [text[c.name].cast(c.type).alias(c.name) for c in table.columns]
    stored = lake.read(L.bronze_table(_ENTITY).name)
    rows_of_silver = stored.select(*typed, L.RECORD_ID, L.SOURCE, L.BATCH_ID)
    with one_piece_a_task(spark):
        lake.append(L.silver_table(table), accept(rows_of_silver, table))
    for other in (L.history_table(table), L.DUPLICATES, L.QUARANTINE):
        lake.create(other)
    silver.derive(ctx)


def micro_batch(spark: SparkSession, first: int, rows: int, *, random_keys: bool) -> DataFrame:
    """Messages as ``read_stream`` gives them, one refused and one repeated in a thousand."""
    number = F.col("id")
    told = F.when(number % DIRT == DIRT // 2, number - 1).otherwise(number)
    values = values_of(told, random_keys=random_keys)
    free = F.when(number % DIRT == DIRT // 4, F.lit("0.00")).otherwise(values[E.PRICE])
    line = F.to_json(F.struct(*[v.alias(k) for k, v in {**values, E.PRICE: free}.items()]))
    lines = spark.range(first, first + rows, 1, 2).select(
        F.lit(_ENTITY).alias(L.ENTITY),
        line.alias(LINE),
        *_place(number, line),
        F.current_timestamp().alias(EVENT_AT),
    )
    return parse_json(lines)


def values_of(number: SparkColumn, *, random_keys: bool) -> dict[str, SparkColumn]:
    """What ``messages.message`` says of a number, as text by column of the contract."""
    pair = F.floor(number / 2)
    keys = _key("t", number), _key("o", pair)
    if random_keys:
        keys = F.md5(keys[0].cast("binary")), F.md5(keys[1].cast("binary"))
    cents, pieces = F.lit(199) + number % 9_800, F.lit(1) + number % 5
    at = F.timestamp_seconds(F.lit(_FIRST_DAY) + number * (86_400 / ROWS_A_DAY))
    return {
        E.TRANSACTION_ID: keys[0],
        E.ORDER_ID: keys[1],
        E.CUSTOMER_ID: F.format_string("c%06d", pair * SPREAD % CUSTOMERS),
        E.PRODUCT_ID: F.format_string("p%05d", number % PRODUCTS),
        E.QUANTITY: pieces.cast("string"),
        E.PRICE: (cents / 100).cast("decimal(10,2)").cast("string"),
        E.AMOUNT: (cents * pieces / 100).cast("decimal(10,2)").cast("string"),
        E.CURRENCY: F.lit("EUR"),
        E.PAYMENT_METHOD: F.element_at(
            F.array(*map(F.lit, ("card", "wallet", "bank_transfer", "invoice"))),
            (number % 4 + 1).cast("int"),
        ),
        E.TRANSACTION_DATE: F.date_format(at, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"),
        E.TRANSACTION_STATUS: F.lit(E.COMPLETED),
    }


def _key(letter: str, number: SparkColumn) -> SparkColumn:
    return F.format_string(f"{letter}%012d", number)


def _place(number: SparkColumn, line: SparkColumn) -> list[SparkColumn]:
    return [
        F.lit(f"{L.TOPIC_PREFIX}{_ENTITY}/0").alias(L.FILE),
        F.sha2(F.concat(number.cast("string"), line).cast("binary"), 256).alias(L.FINGERPRINT),
        F.lit(0).cast("bigint").alias(L.SPLIT),
        number.alias(L.ROW),
    ]
