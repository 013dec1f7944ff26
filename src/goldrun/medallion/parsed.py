"""A typed value with its faults."""

from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn


@dataclass(frozen=True)
class Parsed:
    """A typed value and its faults.

    Attributes:
        value: The value; null if the text is empty or has no value of the type.
        empty: Whether the text is empty.
        faults: Condition by reason.
    """

    value: SparkColumn
    empty: SparkColumn
    faults: dict[str, SparkColumn]
