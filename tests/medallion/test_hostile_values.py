"""Parsing any text gives a value or names a fault, and never fails."""

import hashlib
import random

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.entities import MONEY
from goldrun.contracts.table import Column, Standard
from goldrun.contracts.text import INVISIBLE
from goldrun.medallion.parse import parse
from tests.hostile_lines import VALUES

PIECES = (
    *"0123456789.,+-:/ TZeE_'\"",
    *(
        "\u0661",
        "\uff11",
        "\u00a0",
        "\u200b",
        "\ufeff",
        "\u202f",
        "\0",
        "\u212a",
        "\u0130",
        "\U0001d7d9",
    ),
    *("2024", "07", "30", "31", "Dec", "december", "AM", "BST", "UTC", "Europe/London", "NaN"),
    *("+01:00", "1e-30", "E5", "00:30:00", "\u2028", "\u0301", "x"),
)
PATTERNS = (None, "d MMM yyyy", "dd/MM/yyyy HH:mm", "yyyy-MM-dd HH:mm:ss[XXX]", "M/d/yy h:mm a z")
ZONE = "Europe/London"


def hostile_value(dice: random.Random) -> str:
    """Return an unusual value, a mixture of pieces, or a valid value with damage."""
    kind = dice.randrange(3)
    if kind == 0:
        return dice.choice(VALUES)
    if kind == 1:
        return "".join(dice.choices(PIECES, k=dice.randrange(1, 12)))
    valid = list(dice.choice(["2024-07-01 00:30:00+01:00", "1 Dec 2010", "12.50", "7", "C100"]))
    for _ in range(dice.randrange(1, 3)):
        valid.insert(dice.randrange(len(valid) + 1), dice.choice(PIECES))
    return "".join(valid)


def columns() -> list[tuple[Column, str | None]]:
    """Return a column of every type and form, and times with every pattern."""
    kinds: list[tuple[Column, str | None]] = [
        (Column("n", T.IntegerType(), "A count."), None),
        (Column("b", T.LongType(), "A large count."), None),
        (Column("m", MONEY, "Money."), None),
        (Column("w", T.StringType(), "A word."), None),
    ]
    for position, form in enumerate(Standard):
        kinds.append((Column(f"s{position}", T.StringType(), "A form.", standard=form), None))
    for position, pattern in enumerate(PATTERNS):
        kinds.append((Column(f"t{position}", T.TimestampType(), "A time."), pattern))
    return kinds


def parsed(frame: DataFrame) -> DataFrame:
    """Return value, emptiness and number of faults of every column, as text."""
    selected = [F.col("raw")]
    for column, pattern in columns():
        one = parse(frame.withColumn(column.name, F.col("raw")), column, ZONE, pattern, "GB")
        is_time = isinstance(column.type, T.TimestampType)
        value = F.unix_micros(one.value) if is_time else one.value
        faults = [F.coalesce(fault, F.lit(False)).cast("int") for fault in one.faults.values()]
        found = {"value": value.cast("string"), "empty": one.empty, "faults": F.array(*faults)}
        selected.append(F.struct(*[c.alias(name) for name, c in found.items()]).alias(column.name))
    frame = frame.select("raw", *[F.col("raw").alias(column.name) for column, _ in columns()])
    return frame.select(*selected)


def check(spark: SparkSession, values: list[str]) -> str:
    """Check each outcome; return a digest of those that depend on this project only."""
    digest = hashlib.sha256()
    frame = spark.createDataFrame([(value,) for value in values], "raw string")
    for row in sorted(parsed(frame).collect(), key=lambda row: str(row["raw"])):
        raw, nothing = row["raw"], not row["raw"].strip(INVISIBLE)
        for column, _ in columns():
            one = row[column.name]
            assert one["empty"] == nothing, (raw, column.name)
            accounted = nothing or sum(one["faults"]) > 0
            assert accounted or one["value"] is not None, (raw, column.name, one)
            if column.standard not in (Standard.EMAIL, Standard.PHONE):
                digest.update(repr((raw, column.name, one["value"], one["faults"])).encode())
    return digest.hexdigest()[:16]


FEW, MANY = "d186f6bad9fd561d", "5c4dd5bf66457f14"
"""Digest of the results of these values, which is the same for every engine."""


def test_a_few_hostile_values_have_the_same_value_or_fault_in_every_engine(
    spark: SparkSession,
) -> None:
    dice = random.Random(5)
    assert check(spark, sorted({hostile_value(dice) for _ in range(200)})) == FEW


@pytest.mark.slow
def test_hostile_values_have_the_same_value_or_fault_in_every_engine(spark: SparkSession) -> None:
    dice = random.Random(6)
    assert check(spark, [hostile_value(dice) for _ in range(5000)]) == MANY
