"""Ingestions of files into bronze, and those that make up the newest content of a file."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.medallion.erasure import is_erased

_BEGIN = "_begin"


@dataclass(frozen=True, order=True)
class Ingestion:
    """One reading of a file into bronze.

    Attributes:
        file: The file.
        batch_id: The ingestion.
        fingerprint: SHA-256 of the file's bytes at that time.
        records: Number of its records in bronze.
        first_offset: Smallest ``offset`` of its records: 0 if the whole file was read, more
            if only the records that had been appended were.
    """

    file: str
    batch_id: str
    fingerprint: str
    records: int
    first_offset: int


def ingestions_of(bronze: DataFrame) -> list[Ingestion]:
    """List the ingestions of each file, in the order of their batches."""
    names = (lineage.FILE, lineage.BATCH_ID, lineage.FINGERPRINT)
    counted = bronze.groupBy(*names).agg(F.count("*"), F.min(lineage.OFFSET))
    return sorted(Ingestion(*row) for row in counted.collect())


def newest_contents(ingestions: Iterable[Ingestion]) -> dict[str, list[Ingestion]]:
    """Find the ingestions that make up the newest content of each file.

    These are the last one that has the first record of the file, and those after it, which have
    the records that were appended.

    Args:
        ingestions: Result of ``ingestions_of``.
    """
    found: defaultdict[str, list[Ingestion]] = defaultdict(list)
    for each in ingestions:
        if each.first_offset == 0:
            found[each.file].clear()
        found[each.file].append(each)
    return dict(found)


def rows_of_contents(bronze: DataFrame, contents: Mapping[str, Sequence[Ingestion]]) -> DataFrame:
    """Return the rows of ``bronze/<entity>`` of the newest contents of some files.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        contents: Result of ``newest_contents``, for these files.
    """
    begins = [(file, each[0].batch_id) for file, each in contents.items()]
    frame = bronze.sparkSession.createDataFrame(
        pd.DataFrame(begins, columns=[lineage.FILE, _BEGIN])
    )
    of_files = bronze.join(F.broadcast(frame), lineage.FILE)
    return of_files.where(F.col(lineage.BATCH_ID) >= F.col(_BEGIN)).select(*bronze.columns)


def has_column(bronze: DataFrame, name: str) -> bool:
    """Whether a record in ``bronze/<entity>`` has a column."""
    return not bronze.where(F.map_contains_key(lineage.RECORD, F.lit(name))).isEmpty()


def columns_of_newest(bronze: DataFrame, ingestions: Sequence[Ingestion]) -> list[str]:
    """Return the columns of a record of the newest ingestion; none if all of it are malformed.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        ingestions: Result of ``ingestions_of``.
    """
    if not ingestions:
        return []
    newest = max(each.batch_id for each in ingestions)
    readable = F.col(lineage.MALFORMED).isNull() & ~is_erased()
    rows = bronze.where((F.col(lineage.BATCH_ID) == newest) & readable)
    found = rows.select(F.map_keys(lineage.RECORD)).limit(1).collect()
    return list(found[0][0]) if found else []
