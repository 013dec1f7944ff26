"""Counts of the records of a stream, and the metrics of a micro-batch."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from goldrun.medallion.refinement import Refined


@dataclass
class Totals:
    """Number of records of one or more micro-batches.

    Attributes:
        rows: New records in bronze.
        repeated: Records that were in bronze before.
        quarantined: Rejected records.
        duplicates: Records that repeat another one.
        rejected: Records that break a rule, by rule.
        refined: Counts by entity.
    """

    rows: int = 0
    repeated: int = 0
    quarantined: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    refined: dict[str, Refined] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """New records that are neither rejected nor duplicates."""
        return self.rows - self.quarantined - self.duplicates

    def add(self, rows: int, repeated: int, refined: Mapping[str, Refined]) -> None:
        """Add the counts of a micro-batch.

        Args:
            rows: New records in bronze.
            repeated: Records that were in bronze before.
            refined: Counts by entity.
        """
        self.rows += rows
        self.repeated += repeated
        for entity, one in refined.items():
            self.refined[entity] = self.refined.get(entity, Refined()) + one
            self.quarantined += one.quarantined
            self.duplicates += one.duplicates
            self.rejected.update(one.rejected)

    def metrics(
        self, customers: int, seconds: Mapping[str, float], freshness: Mapping[str, float]
    ) -> dict[str, float]:
        """Compute the MLflow metrics of a micro-batch.

        Args:
            customers: Number of customers whose gold rows were recomputed.
            seconds: Duration by layer.
            freshness: Result of ``monitoring.freshness.freshness``.
        """
        whole = sum(seconds.values())
        return {
            "rows_in": self.rows,
            "rows_accepted": self.accepted,
            "rows_quarantined": self.quarantined,
            "rows_duplicate": self.duplicates,
            "rows_repeated": self.repeated,
            "customers_touched": customers,
            "batch_seconds": whole,
            **{f"{layer}_seconds": spent for layer, spent in seconds.items()},
            "rows_per_second": self.rows / whole,
            **{f"refused.{rule}": records for rule, records in self.rejected.items()},
            **freshness,
        }
