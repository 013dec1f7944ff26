"""A lake filled with many transactions, faster than by ingestion.

Bronze and silver get the same records, in the files and in the order in which a stream and its
compaction leave them; every record has its fate, so the accounting is closed. Gold is made by
goldrun's own code.
"""

from datetime import UTC, datetime

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.messages import CUSTOMERS, DIRT, PRODUCTS, SPREAD
from goldrun.contracts import entities, lineage
from goldrun.io.engines.spark.json_lines import parse_json
from goldrun.io.sources.records import LINE
from goldrun.io.streaming.readers import EVENT_AT
from goldrun.jobs.context import Context
from goldrun.jobs.refine import silver
from goldrun.medallion.bronze import Batch, to_bronze
from goldrun.medallion.silver import with_content_hash

ROWS_A_DAY = 27_400
"""With this rate, 100 thousand rows are four days, a million five weeks, ten million a year."""
_ROWS_A_FILE = 400_000
"""About the number of rows in a file after compaction."""
_ENTITY = "transactions"
_FIRST_DAY = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
_FILLED = Batch.at(datetime(2026, 2, 1, tzinfo=UTC))


def fill(ctx: Context, rows: int, *, random_keys: bool) -> None:
    """Write the first transactions into bronze and silver, and derive their customers."""
    lake, table = ctx.lake, entities.TRANSACTIONS
    _fill_bronze(ctx, rows, random_keys=random_keys)
    text = {c.name: F.col(lineage.RECORD)[c.name] for c in table.columns}
    text[entities.UPDATED_AT] = text[entities.TRANSACTION_DATE]
    typed = [text[c.name].cast(c.type).alias(c.name) for c in table.columns]
    stored = lake.read(lineage.bronze_table(_ENTITY).name)
    rows_of_silver = stored.select(*typed, lineage.RECORD_ID, lineage.SOURCE, lineage.BATCH_ID)
    with lake.engine.one_file_per_task():
        lake.append(lineage.silver_table(table), with_content_hash(rows_of_silver, table))
    for other in (lineage.history_table(table), lineage.DUPLICATES, lineage.QUARANTINE):
        lake.create(other)
    silver.derive(ctx.lake, ctx.source)


def _fill_bronze(ctx: Context, rows: int, *, random_keys: bool) -> None:
    spark, lake = ctx.lake.session, ctx.lake
    numbers = spark.range(0, rows, 1, -(-rows // _ROWS_A_FILE))
    values = values_of(F.col("id"), random_keys=random_keys)
    pairs = [part for name, value in values.items() for part in (F.lit(name), value)]
    raw = numbers.select(
        F.create_map(*pairs).alias(lineage.RECORD),
        F.lit(None).cast("string").alias(lineage.MALFORMED),
        *_place(F.col("id"), F.lit("")),
    )
    lake.append(
        lineage.bronze_table(_ENTITY),
        to_bronze(raw, entity=_ENTITY, source=ctx.source.name, batch=_FILLED),
    )


def micro_batch(spark: SparkSession, first: int, rows: int, *, random_keys: bool) -> DataFrame:
    """Generate messages as of ``read_stream``; of a thousand, one is rejected, one repeated."""
    number = F.col("id")
    repeated = F.when(number % DIRT == DIRT // 2, number - 1).otherwise(number)
    values = values_of(repeated, random_keys=random_keys)
    free = F.when(number % DIRT == DIRT // 4, F.lit("0.00")).otherwise(values[entities.PRICE])
    line = F.to_json(F.struct(*[v.alias(k) for k, v in {**values, entities.PRICE: free}.items()]))
    lines = spark.range(first, first + rows, 1, 2).select(
        F.lit(_ENTITY).alias(lineage.ENTITY),
        line.alias(LINE),
        *_place(number, line),
        F.current_timestamp().alias(EVENT_AT),
    )
    return parse_json(lines)


def values_of(number: SparkColumn, *, random_keys: bool) -> dict[str, SparkColumn]:
    """Compute the values of ``messages.message`` as text, by column of the contract."""
    pair = F.floor(number / 2)
    keys = _key("t", number), _key("o", pair)
    if random_keys:
        keys = F.md5(keys[0].cast("binary")), F.md5(keys[1].cast("binary"))
    cents, pieces = F.lit(199) + number % 9_800, F.lit(1) + number % 5
    at = F.timestamp_seconds(F.lit(_FIRST_DAY) + number * (86_400 / ROWS_A_DAY))
    return {
        entities.TRANSACTION_ID: keys[0],
        entities.ORDER_ID: keys[1],
        entities.CUSTOMER_ID: F.format_string("c%06d", pair * SPREAD % CUSTOMERS),
        entities.PRODUCT_ID: F.format_string("p%05d", number % PRODUCTS),
        entities.QUANTITY: pieces.cast("string"),
        entities.PRICE: (cents / 100).cast("decimal(10,2)").cast("string"),
        entities.AMOUNT: (cents * pieces / 100).cast("decimal(10,2)").cast("string"),
        entities.CURRENCY: F.lit("EUR"),
        entities.PAYMENT_METHOD: F.element_at(
            F.array(*map(F.lit, ("card", "wallet", "bank_transfer", "invoice"))),
            (number % 4 + 1).cast("int"),
        ),
        entities.TRANSACTION_DATE: F.date_format(at, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"),
        entities.TRANSACTION_STATUS: F.lit(entities.COMPLETED),
    }


def _key(letter: str, number: SparkColumn) -> SparkColumn:
    return F.format_string(f"{letter}%012d", number)


def _place(number: SparkColumn, line: SparkColumn) -> list[SparkColumn]:
    return [
        F.lit(f"{lineage.TOPIC_PREFIX}{_ENTITY}/0").alias(lineage.FILE),
        F.sha2(F.concat(number.cast("string"), line).cast("binary"), 256).alias(
            lineage.FINGERPRINT
        ),
        F.lit(0).cast("bigint").alias(lineage.SPLIT),
        number.alias(lineage.ROW),
    ]
