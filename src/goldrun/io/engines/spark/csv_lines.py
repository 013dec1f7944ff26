"""CSV lines parsed with Spark's expressions, as ``csv_files`` defines records."""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.io.engines.spark.lines import no_record
from goldrun.io.sources.csv_files import MOST_FIELDS, Header
from goldrun.io.sources.csv_patterns import patterns
from goldrun.io.sources.records import BOM, LINE, PLACE

_PARSED = "parsed"


def without_header(lines: DataFrame) -> DataFrame:
    """Drop the first line of each file, and number the others from 0.

    Args:
        lines: ``LINE`` and ``PLACE`` of whole files.
    """
    starts = F.col(lineage.SPLIT) == 0
    records = lines.where(~(starts & (F.col(lineage.ROW) == 0)))
    return records.withColumn(lineage.ROW, F.col(lineage.ROW) - F.when(starts, 1).otherwise(0))


def parse_csv(lines: DataFrame, header: Header) -> DataFrame:
    """Parse lines of files that have the same header.

    Args:
        lines: ``LINE`` and ``PLACE``.
        header: The files' header.

    Returns:
        ``RECORD``, ``MALFORMED`` and ``PLACE``; see ``Engine.read_csv``.
    """
    readable = _is_readable(F.col(LINE), header)
    parsed = F.from_csv(LINE, _schema(header), _options(header.delimiter))
    frame = lines.select(LINE, *PLACE, F.when(readable, parsed).alias(_PARSED))
    fits = F.col(_PARSED).isNotNull() & F.col(f"{_PARSED}.{lineage.CORRUPT}").isNull()
    names = F.array(*[F.lit(name) for name in header.names])
    values = F.array(*[F.col(f"{_PARSED}.{name}") for name in _fields(header)])
    return frame.select(
        F.when(fits, F.map_from_arrays(names, values)).otherwise(no_record()).alias(lineage.RECORD),
        F.when(~fits, F.col(LINE)).alias(lineage.MALFORMED),
        *PLACE,
    )


def _fields(header: Header) -> list[str]:
    # By position: a column of the file may have the name of one of ours.
    return [f"c{position}" for position in range(len(header.names))]


def _schema(header: Header) -> str:
    return ", ".join(f"{name} string" for name in [*_fields(header), lineage.CORRUPT])


def _options(delimiter: str) -> dict[str, str]:
    return {
        "sep": delimiter,
        "escape": '"',
        "columnNameOfCorruptRecord": lineage.CORRUPT,
        "maxColumns": str(MOST_FIELDS + 1),
    }


def _is_readable(line: SparkColumn, header: Header) -> SparkColumn:
    """Whether Spark's parser may parse a line: it repairs wrong quotes silently, or fails."""
    pattern = patterns(header.delimiter, len(header.names), possessive=True)
    quotes_are_right = ~line.contains('"') | line.rlike(pattern.line)
    unquoted = F.regexp_replace(line, pattern.quoted, "")
    fields = F.size(F.split(unquoted, pattern.separator, -1))
    few = F.when(F.octet_length(line) < MOST_FIELDS, True).otherwise(fields <= MOST_FIELDS)
    repeats = F.ltrim(line, F.lit(BOM)) == header.line
    return quotes_are_right & few & ~repeats
