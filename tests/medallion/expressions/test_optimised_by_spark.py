"""Expressions that Spark's optimiser must not simplify, because other engines' values differ."""

import pytest
from pyspark.sql import SparkSession

from tests.medallion.expressions.computed import compute

pytestmark = pytest.mark.of_spark


def test_lower_of_upper_is_computed_in_two_steps(spark: SparkSession) -> None:
    found = compute(spark, ["lower(upper(a))", "upper(lower(a))"], [("ß", None), ("\u212a", None)])
    assert found == {"lower(upper(a))": ["ss", "k"], "upper(lower(a))": ["SS", "K"]}
