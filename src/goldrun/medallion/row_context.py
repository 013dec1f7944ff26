"""Add to records what other lines have: values of an earlier line, and rows of a second file."""

from collections.abc import Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import Join
from goldrun.contracts.row_context import LINE_NUMBER, FillDown, joined_column
from goldrun.medallion.mapping import cell, without_no_value
from goldrun.medallion.text import trimmed

_KEY = "_key"
_FILLED, _NUMBER = "_filled_", "_number"
_MAP = "map<string, string>"
"""Type of records: Sail distinguishes the texts of Arrow that files and expressions have."""
_NAMES, _TEXTS = "_names", "_texts"
TIMES, FIRST, LAST = "times", "first", "last"


def fill_down(records: DataFrame, settings: FillDown, no_value: Sequence[str] = ()) -> DataFrame:
    """Give empty cells the value of the nearest earlier record of the same file and group.

    Args:
        records: ``RECORD``, ``MALFORMED`` and the place of each record, as a reader returns them.
        settings: The column of the group, and the columns to fill.
        no_value: Texts that are no value (``without_no_value``).

    Returns:
        The same rows; a record with a group has its number in the group too, as ``_line``. A cell
        is empty if it is null, blank or no value. A record without a group, a malformed one, and a
        cell that no earlier record of the group fills stay as they are.
    """
    in_order = Window.partitionBy(lineage.FILE, lineage.FINGERPRINT, _KEY).orderBy(
        lineage.SPLIT, lineage.ROW
    )
    group = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    keyed = records.withColumn(_KEY, _key(settings.by, no_value))
    filled = {
        f"{_FILLED}{place}": _latest(cell(name), no_value, group)
        for place, name in enumerate(settings.columns)
    }
    numbered = {_NUMBER: F.row_number().over(in_order).cast("string")}
    row = F.col(lineage.RECORD)
    texts = {_NAMES: F.map_keys(row), _TEXTS: F.map_values(row)}
    frame = keyed.withColumns(filled | numbered | texts)
    # One step a column: nested in one expression, their number would double with each column.
    for column, name in zip(settings.columns, filled, strict=True):
        frame = frame.withColumn(_TEXTS, _with_text(column, F.col(name)))
    record = F.map_from_arrays(
        _joined(F.col(_NAMES), F.array(F.lit(LINE_NUMBER))),
        _joined(F.col(_TEXTS), F.array(F.col(_NUMBER))),
    )
    filled_down = F.when(F.col(_KEY).isNotNull(), record.cast(_MAP)).otherwise(row.cast(_MAP))
    return frame.withColumn(lineage.RECORD, filled_down).select(*records.columns)


def join_records(
    records: DataFrame, joined: DataFrame, name: str, join: Join, no_value: Sequence[str] = ()
) -> DataFrame:
    """Add the columns of the row of a joined file that has a record's key.

    Args:
        records: ``RECORD`` and other columns, one row a record.
        joined: ``RECORD`` of the joined file's rows; no key twice (``repeated_keys``).
        name: Name of the join.
        join: The column with the key, of the records and of the joined file.
        no_value: Texts that are no value, and no key (``without_no_value``).

    Returns:
        The same rows; a record with a partner has the partner's columns too, each called
        ``name.column``. Keys are equal if their texts are, without spaces around them.
    """
    row = F.col(lineage.RECORD)
    prefix = F.lit(joined_column(name, ""))
    others = joined.select(
        _key(join.joined_key, no_value).alias(_KEY),
        F.transform(F.map_keys(row), lambda each: F.concat(prefix, each)).alias(_NAMES),
        F.map_values(row).alias(_TEXTS),
    ).where(F.col(_KEY).isNotNull())
    both = F.map_from_arrays(
        _joined(F.map_keys(row), F.col(_NAMES)), _joined(F.map_values(row), F.col(_TEXTS))
    )
    extended = F.when(F.col(_NAMES).isNotNull(), both.cast(_MAP)).otherwise(row.cast(_MAP))
    found = records.withColumn(_KEY, _key(join.key, no_value)).join(others, _KEY, "left")
    return found.select(
        *[
            extended.alias(each) if each == lineage.RECORD else F.col(each)
            for each in records.columns
        ]
    )


def repeated_keys(joined: DataFrame, joined_key: str, no_value: Sequence[str] = ()) -> DataFrame:
    """Find the keys that several rows of a joined file have.

    Args:
        joined: ``RECORD`` and the place of each row.
        joined_key: Column with the key.
        no_value: Texts that are no value, and no key.

    Returns:
        One row a key that is not unique, without the key itself, which may be personal: ``TIMES``,
        and ``FIRST`` and ``LAST``, structs of the file and the number of the row from 1.
    """
    place = F.struct(lineage.FILE, (F.col(lineage.ROW) + 1).alias(lineage.ROW))
    keyed = joined.select(_key(joined_key, no_value).alias(_KEY), place.alias(FIRST))
    counted = keyed.where(F.col(_KEY).isNotNull()).groupBy(_KEY)
    found = counted.agg(
        F.count("*").alias(TIMES), F.min(FIRST).alias(FIRST), F.max(FIRST).alias(LAST)
    )
    return found.where(F.col(TIMES) > 1).drop(_KEY)


def without_partner(records: DataFrame, name: str, joined_key: str) -> DataFrame:
    """Return the records that a join found no row for.

    Args:
        records: Rows of bronze, or of ``join_records``.
        name: Name of the join.
        joined_key: Column of the joined file with the key.
    """
    names = F.map_keys(lineage.RECORD)
    has_partner = F.array_contains(names, joined_column(name, joined_key))
    return records.where(F.col(lineage.MALFORMED).isNull() & ~has_partner)


def _key(column: str, no_value: Sequence[str]) -> SparkColumn:
    return F.nullif(trimmed(without_no_value(cell(column), no_value)), F.lit(""))


def _latest(text: SparkColumn, no_value: Sequence[str], group: WindowSpec) -> SparkColumn:
    known = F.when(trimmed(text) != "", without_no_value(text, no_value))
    return F.coalesce(F.last(known, ignorenulls=True).over(group), text)


def _with_text(column: str, text: SparkColumn) -> SparkColumn:
    """Return the texts of a record with that of one column replaced, if it has the column."""
    texts = F.col(_TEXTS)
    place = F.array_position(_NAMES, F.lit(column)).cast("int")
    before = F.slice(texts, F.lit(1), place - 1)
    after = F.slice(texts, place + 1, F.size(texts))
    return F.when(place > 0, F.concat(before, F.array(text), after)).otherwise(texts)


def _joined(*arrays: SparkColumn) -> SparkColumn:
    """Concatenate arrays of text, cast to one type, because Sail distinguishes those of Arrow."""
    return F.concat(*[each.cast("array<string>") for each in arrays])
