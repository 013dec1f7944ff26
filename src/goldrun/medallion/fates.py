"""The tables with the fates of an entity's records, as named frames."""

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage


@dataclass(frozen=True)
class StoredRecords:
    """Ids of records that are to be removed from the tables of an entity.

    Attributes:
        versions: ``record_id`` of rows of silver and of its history.
        duplicates: ``record_id`` of rows of ``silver/duplicates``.
    """

    versions: DataFrame
    duplicates: DataFrame

    @property
    def ids(self) -> DataFrame:
        """``record_id`` of all rows."""
        return self.versions.unionByName(self.duplicates)

    def union(self, other: "StoredRecords") -> "StoredRecords":
        """Return the records of both."""
        return StoredRecords(
            self.versions.unionByName(other.versions),
            self.duplicates.unionByName(other.duplicates),
        )


@dataclass(frozen=True)
class Fates:
    """Rows of the four tables in which the records of one entity have their fates.

    Attributes:
        silver: Rows of ``silver/<entity>``.
        history: Rows of ``silver/<entity>_history``.
        duplicates: Rows of ``silver/duplicates`` of the entity.
        quarantine: Rows of ``silver/quarantine`` of the entity, in any state.
    """

    silver: DataFrame
    history: DataFrame
    duplicates: DataFrame
    quarantine: DataFrame

    @classmethod
    def of(
        cls,
        entity: str,
        silver: DataFrame,
        history: DataFrame,
        duplicates: DataFrame,
        quarantine: DataFrame,
    ) -> "Fates":
        """Select the entity's rows of the two tables that all entities share.

        Args:
            entity: Name of the entity.
            silver: Rows of ``silver/<entity>``.
            history: Rows of ``silver/<entity>_history``.
            duplicates: Rows of ``silver/duplicates``, of any entity.
            quarantine: Rows of ``silver/quarantine``, of any entity.
        """
        of_entity = F.col(lineage.ENTITY) == entity
        return cls(silver, history, duplicates.where(of_entity), quarantine.where(of_entity))

    def select(self, column: str) -> DataFrame:
        """Return one lineage column of all rows of the four tables."""
        parts = (self.silver, self.history, self.duplicates, self.quarantine)
        return reduce(DataFrame.unionByName, [part.select(column) for part in parts])

    def limit(self, rows: int) -> "Fates":
        """Return at most this number of rows of each table."""
        parts = (self.silver, self.history, self.duplicates, self.quarantine)
        return Fates(*(part.limit(rows) for part in parts))

    def without(self, records: StoredRecords) -> "Fates":
        """Return the fates without some records of silver, its history and the duplicates."""
        record = lineage.RECORD_ID
        return Fates(
            self.silver.join(records.versions, record, "left_anti"),
            self.history.join(records.versions, record, "left_anti"),
            self.duplicates.join(records.duplicates, record, "left_anti"),
            self.quarantine,
        )
