"""Check that every record has exactly one fate, by record id and never by subtraction."""

from dataclasses import dataclass
from functools import reduce
from operator import add, xor

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.medallion.fates import Fates
from goldrun.medallion.quarantine import ERASED, OPEN

BRONZE = "bronze"
CURRENT = "silver"
SUPERSEDED = "superseded"
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"
FATES = (CURRENT, SUPERSEDED, DUPLICATE, QUARANTINED, ERASED)
_FATE = "fate"
_HASH = "_hash"
_TIMES = "_times"


@dataclass(frozen=True)
class Accounting:
    """Numbers of records of an entity by fate.

    Attributes:
        records: Records in bronze.
        fates: Records by fate.
        lost: Records without any fate.
        doubled: Records with two fates or two bronze rows.
        stray: Fates without a record in bronze.
    """

    records: int
    fates: dict[str, int]
    lost: int
    doubled: int
    stray: int

    @property
    def closed(self) -> bool:
        """Whether every record has exactly one fate."""
        return self.lost == self.doubled == self.stray == 0

    @property
    def reject_share(self) -> float:
        """Quarantined records over all records; 0 for no records."""
        return self.fates[QUARANTINED] / self.records if self.records else 0.0


def account(bronze: DataFrame, fates: Fates) -> Accounting:
    """Find the fate of every record of an entity.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        fates: The fates of the entity's records.

    Returns:
        The account. Released quarantine rows do not count: their records have another fate.
    """
    state = F.col(lineage.STATE)
    parts = [
        _fate(bronze, BRONZE),
        _fate(fates.silver, CURRENT),
        _fate(fates.history, SUPERSEDED),
        _fate(fates.duplicates, DUPLICATE),
        _fate(fates.quarantine.where(state == OPEN), QUARANTINED),
        _fate(fates.quarantine.where(state == ERASED), ERASED),
    ]
    places = reduce(DataFrame.unionByName, parts)
    return _by_sums(places) or _by_record(places)


def _by_sums(places: DataFrame) -> Accounting | None:
    """Compute the account by sums of hashes; None if it is not closed.

    It is closed if no id is in bronze twice, and count, sum and XOR of 64-bit hashes of the ids
    in bronze equal those of the ids in the other tables. ``_by_record`` takes five times as long.
    """
    hashed = places.select(_FATE, F.xxhash64(lineage.RECORD_ID).alias(_HASH))
    exact = F.sum(F.col(_HASH).cast("decimal(38,0)"))
    rows = hashed.groupBy(_FATE).agg(F.count("*"), exact, F.expr(f"bit_xor({_HASH})")).collect()
    found = {row[0]: tuple(row)[1:] for row in rows}
    records, total, parity = found.get(BRONZE, (0, 0, 0))
    fates = [found[fate] for fate in FATES if fate in found]
    if (records, total, parity) != (
        sum(count for count, _, _ in fates),
        sum(sums for _, sums, _ in fates),
        reduce(xor, [each for _, _, each in fates], 0),
    ):
        return None
    ids = (
        places.where(F.col(_FATE) == BRONZE)
        .groupBy(lineage.RECORD_ID)
        .agg(F.count("*").alias(_TIMES))
    )
    if not ids.where(F.col(_TIMES) > 1).isEmpty():
        return None
    return Accounting(records, {fate: found.get(fate, (0,))[0] for fate in FATES}, 0, 0, 0)


def _by_record(places: DataFrame) -> Accounting:
    """Compute the account from the fates of each record."""
    by_record = places.groupBy(lineage.RECORD_ID).agg(
        *[F.count_if(F.col(_FATE) == name).alias(name) for name in (BRONZE, *FATES)]
    )
    in_bronze, in_fates = F.col(BRONZE), reduce(add, [F.col(fate) for fate in FATES])
    row = by_record.agg(
        F.count_if((in_bronze > 0) & (in_fates == 0)).alias("lost"),
        F.count_if((in_bronze > 1) | (in_fates > 1)).alias("doubled"),
        F.count_if(in_bronze == 0).alias("stray"),
        *[F.sum(name).alias(name) for name in (BRONZE, *FATES)],
    ).collect()[0]
    fates = {fate: row[fate] or 0 for fate in FATES}
    return Accounting(row[BRONZE] or 0, fates, row["lost"], row["doubled"], row["stray"])


def _fate(rows: DataFrame, name: str) -> DataFrame:
    return rows.select(lineage.RECORD_ID, F.lit(name).alias(_FATE))
