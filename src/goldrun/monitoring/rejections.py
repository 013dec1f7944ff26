"""Count the rejected records of each entity by reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.table import Severity
from goldrun.medallion.accounting import CURRENT, QUARANTINED, SUPERSEDED
from goldrun.medallion.quarantine import open_rows
from goldrun.monitoring.quality import QualityReport

MOST_FREQUENT = 3
"""Number of reasons listed for an entity."""
_TRANSACTIONS = "transactions"


@dataclass(frozen=True)
class Rejections:
    """Counts of the rejected records of an entity.

    Attributes:
        entity: Name of the entity.
        records: Records that were validated.
        rejected: Records in quarantine.
        reasons: Rejected records by reason; a record may have several reasons.
    """

    entity: str
    records: int
    rejected: int
    reasons: Mapping[str, int]

    @property
    def share(self) -> float:
        """Share of rejected records, 0 to 1; 0 if there are no records."""
        return self.rejected / self.records if self.records else 0.0

    def is_too_much(self, most: float) -> bool:
        """Whether the share exceeds ``most``, or all transactions are rejected."""
        return self.share > most or (self.share == 1 and self.entity == _TRANSACTIONS)

    def most_frequent(self) -> list[tuple[str, int]]:
        """Return the most frequent reasons with their counts; ties are sorted by name."""
        found = sorted((-count, name) for name, count in self.reasons.items() if count)
        return [(name, -count) for count, name in found[:MOST_FREQUENT]]


def rejections_of(report: QualityReport) -> list[Rejections]:
    """Return the rejections in a quality report, one item for each entity with any."""
    rejecting = report.rules[report.rules["severity"] == Severity.REJECT.value]
    found = []
    for entity, account in report.accounts.items():
        rules = rejecting[rejecting["entity"] == entity]
        counts = {str(row.rule): int(str(row.failed)) for row in rules.itertuples()}
        rejected = account.fates[QUARANTINED]
        if rejected:
            found.append(Rejections(entity, account.records, rejected, counts))
    return found


def nothing_accepted(report: QualityReport) -> bool:
    """Whether there are transactions and all of them are in quarantine."""
    account = report.accounts.get(_TRANSACTIONS)
    if account is None or not account.fates[QUARANTINED]:
        return False
    return not account.fates[CURRENT] and not account.fates[SUPERSEDED]


def sample_of(quarantine: DataFrame, entity: str, reason: str) -> DataFrame:
    """Return the rejected record with the smallest ``record_id`` that has a reason.

    Args:
        quarantine: Rows of ``silver/quarantine``.
        entity: Name of the entity.
        reason: Name of the reason.

    Returns:
        At most one row with ``record_id``, ``record`` (JSON) and ``file``.
    """
    of_entity = open_rows(quarantine).where(F.col(lineage.ENTITY) == entity)
    having = of_entity.where(F.array_contains(lineage.REASONS, reason))
    first = having.orderBy(lineage.RECORD_ID).limit(1)
    return first.select(lineage.RECORD_ID, lineage.RECORD, lineage.FILE)
