"""Contents of files that are read again: their records keep the batches of their ingestions."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.medallion.contents import NUMBER, numbered
from goldrun.medallion.erasure import emptied_again
from goldrun.medallion.ingestions import Ingestion, rows_of_contents

_STORED = "_stored_"
_BEGIN, _END = "_begin", "_end"
_TO_THE_END = 1 << 62
_NAMES = (lineage.BATCH_ID, lineage.INGESTED_AT)


def read_again(
    records: DataFrame,
    bronze: DataFrame,
    contents: Mapping[str, Sequence[Ingestion]],
    appended: frozenset[str],
) -> DataFrame:
    """Set the original batch and time in records whose content was ingested before.

    The order of ingestion decides between versions of a key, and rules compare times with that of
    the ingestion; neither changes because a file is read again. Where a content was ingested in
    parts, because records were appended to its file, the number of a record tells its part.

    Args:
        records: Rows of ``bronze/<entity>`` of files that were read again.
        bronze: Rows of ``bronze/<entity>`` from before.
        contents: Ingestions of the content that a file has, maybe under another name, by file.
        appended: Files to which records were appended since, which are new.

    Returns:
        The rows; those of other contents keep their batch. Text that is erased in a part of a
        content is removed again.
    """
    in_parts = {f: each for f, each in contents.items() if len(each) > 1 or f in appended}
    is_in_parts = F.col(lineage.FILE).isin(list(in_parts))
    whole = records.where(~is_in_parts) if in_parts else records
    rows = whole.withColumn(NUMBER, F.lit(1))
    if in_parts:
        parts = numbered(records.where(is_in_parts))
        rows = rows.unionByName(emptied_again(parts, _renamed(bronze, in_parts), _PLACE))
    spans = _spans(contents, appended)
    if not spans:
        return records
    columns = [lineage.FILE, _BEGIN, _END, _STORED + lineage.BATCH_ID]
    frame = records.sparkSession.createDataFrame(pd.DataFrame(spans, columns=columns))
    at_once = F.col(NUMBER).between(F.col(_BEGIN), F.col(_END))
    placed = rows.join(
        F.broadcast(frame).withColumnRenamed(lineage.FILE, _STORED + lineage.FILE),
        (F.col(lineage.FILE) == F.col(_STORED + lineage.FILE)) & at_once,
        "left",
    )
    times = bronze.groupBy(F.col(lineage.BATCH_ID).alias(_STORED + lineage.BATCH_ID)).agg(
        F.min(lineage.INGESTED_AT).alias(_STORED + lineage.INGESTED_AT)
    )
    dated = placed.join(F.broadcast(times), _STORED + lineage.BATCH_ID, "left")
    kept = {name: F.coalesce(_STORED + name, name) for name in _NAMES}
    return dated.withColumns(kept).select(*records.columns)


_PLACE = (lineage.FILE, NUMBER)


def _renamed(bronze: DataFrame, contents: Mapping[str, Sequence[Ingestion]]) -> DataFrame:
    """Return the numbered records of contents, with the names that their files have now."""
    stored = {each[0].file: each for each in contents.values()}
    rows = numbered(rows_of_contents(bronze, stored))
    names = [(each[0].file, file) for file, each in contents.items()]
    frame = pd.DataFrame(names, columns=[lineage.FILE, _STORED + lineage.FILE])
    joined = rows.join(F.broadcast(rows.sparkSession.createDataFrame(frame)), lineage.FILE)
    return joined.drop(lineage.FILE).withColumnRenamed(_STORED + lineage.FILE, lineage.FILE)


def _spans(
    contents: Mapping[str, Sequence[Ingestion]], appended: frozenset[str]
) -> list[tuple[str, int, int, str]]:
    """List the numbers of the first and the last record of each part, with its batch."""
    spans = []
    for file, parts in contents.items():
        ends = list(accumulate(part.records for part in parts))
        begins = [1, *(end + 1 for end in ends)]
        if file not in appended:
            # Other settings may read more records.
            ends[-1] = _TO_THE_END
        spans += [
            (file, begin, end, part.batch_id)
            for part, begin, end in zip(parts, begins, ends, strict=False)
        ]
    return spans
