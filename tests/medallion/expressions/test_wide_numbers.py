"""Numbers of 38 digits, which Spark's own abs and negation round to 34, are computed exactly."""

import pytest
from pyspark.sql import SparkSession

from tests.medallion.expressions.computed import compute

pytestmark = pytest.mark.of_spark
NINES = "9" * 38


@pytest.mark.parametrize("divisor", [NINES, f"-{NINES}"])
def test_the_rest_of_a_division_by_a_number_of_38_digits_is_exact(
    spark: SparkSession, divisor: str
) -> None:
    sql = "2 % try_cast(b as decimal(38,0))"
    assert compute(spark, [sql], [("", divisor)]) == {sql: ["2"]}
