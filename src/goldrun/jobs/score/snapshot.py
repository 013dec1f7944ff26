"""The rows of gold that a scoring reads."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Snapshot:
    """Rows of ``gold/customer_features`` with one as_of, at one version of the table.

    Attributes:
        rows: The rows.
        as_of: Their date.
        version: Delta version of the table.
    """

    rows: DataFrame
    as_of: date
    version: int
