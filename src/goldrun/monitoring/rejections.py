"""Refused records of each entity: how many, and for which reasons most."""

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
"""Reasons that are shown of an entity."""
_TRANSACTIONS = "transactions"


@dataclass(frozen=True)
class Rejections:
    """The refused records of an entity.

    Attributes:
        entity: Name of the entity.
        records: Records that were validated.
        refused: Those of them in quarantine.
        reasons: Records by reason; a record may have several.
    """

    entity: str
    records: int
    refused: int
    reasons: Mapping[str, int]

    @property
    def share(self) -> float:
        """Refused records over all, 0 to 1; 0 for no records."""
        return self.refused / self.records if self.records else 0.0

    def is_too_much(self, most: float) -> bool:
        """Whether the share is above ``most``; of transactions all is always too much."""
        return self.share > most or (self.share == 1 and self.entity == _TRANSACTIONS)

    def most_frequent(self) -> list[tuple[str, int]]:
        """The most frequent reasons with their records, ties by name."""
        found = sorted((-count, name) for name, count in self.reasons.items() if count)
        return [(name, -count) for count, name in found[:MOST_FREQUENT]]


def rejections_of(report: QualityReport) -> list[Rejections]:
    """The refused records that a quality report counts, one item an entity with any."""
    rejected = report.rules[report.rules["severity"] == Severity.REJECT.value]
    found = []
    for entity, account in report.accounts.items():
        rules = rejected[rejected["entity"] == entity]
        counts = {str(row.rule): int(str(row.failed)) for row in rules.itertuples()}
        refused = account.fates[QUARANTINED]
        if refused:
            found.append(Rejections(entity, account.records, refused, counts))
    return found


def nothing_accepted(report: QualityReport) -> bool:
    """Whether there are transactions and all of them are in quarantine."""
    account = report.accounts.get(_TRANSACTIONS)
    if account is None or not account.fates[QUARANTINED]:
        return False
    return not account.fates[CURRENT] and not account.fates[SUPERSEDED]


def sample_of(quarantine: DataFrame, entity: str, reason: str) -> DataFrame:
    """Find one refused record with a reason: that with the smallest id.

    Args:
        quarantine: Rows of ``silver/quarantine``.
        entity: Name of the entity.
        reason: The reason.

    Returns:
        At most one row of ``record`` (JSON) and ``file``.
    """
    of_entity = open_rows(quarantine).where(F.col(lineage.ENTITY) == entity)
    having = of_entity.where(F.array_contains(lineage.REASONS, reason))
    return having.orderBy(lineage.RECORD_ID).limit(1).select(lineage.RECORD, lineage.FILE)
