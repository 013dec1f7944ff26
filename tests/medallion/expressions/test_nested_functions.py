"""Every function accepts the text that every other function returns."""

import re
from collections.abc import Sequence

import pytest
from pyspark.sql import SparkSession

from goldrun.medallion.expressions.binding import read
from goldrun.medallion.expressions.kinds import ExpressionError, Kind
from tests.medallion.expressions.computed import compute
from tests.medallion.expressions.examples import EXAMPLES

ROWS = [("2024-02-29 10:00:00", "x-1"), ("a b-1.5", None)]
TEXTS = [sql for sql in EXAMPLES if read(sql).kind is Kind.TEXT]
_COLUMN = re.compile(r"\ba\b(?!')")


def nested(inner: str) -> list[str]:
    """Return every example with an expression in place of its first column, where possible."""
    found = []
    for example in EXAMPLES:
        sql = _COLUMN.sub(lambda _: f"({inner})", example)
        try:
            read(sql)
        except ExpressionError:
            continue
        found.append(sql)
    return found


def failures(spark: SparkSession, expressions: Sequence[str]) -> list[str]:
    """Return the expressions that the engine fails to compute, by bisection."""
    try:
        compute(spark, expressions, ROWS)
    except Exception as error:  # noqa: BLE001 - whatever the engine raises is a failure
        if len(expressions) == 1:
            return [f"{expressions[0]}: {error}"[:300]]
        half = len(expressions) // 2
        return failures(spark, expressions[:half]) + failures(spark, expressions[half:])
    return []


@pytest.mark.slow
@pytest.mark.parametrize("inner", TEXTS)
def test_every_function_accepts_the_result_of_every_other_one(
    spark: SparkSession, inner: str
) -> None:
    expressions = nested(inner)
    assert len(expressions) > len(EXAMPLES) / 2
    assert failures(spark, expressions) == []


def test_a_function_of_text_accepts_the_result_of_md5(spark: SparkSession) -> None:
    assert failures(spark, ["split(md5(a), 'b')[1]"]) == []
