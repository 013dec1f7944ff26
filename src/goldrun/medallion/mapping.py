"""A source's SQL expressions over the text columns of its records."""

import json
import re
from collections.abc import Mapping, Sequence

from pyspark.errors import IllegalArgumentException, ParseException, PySparkException
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage as L
from goldrun.errors import SettingsError

LINEAGE = L.LINEAGE
_SAIL_MISSES = re.compile(
    r'attribute ObjectName\(\[Identifier\("((?:[^"\\]|\\.)*)"\).* is missing from the schema'
)
_CODE_POINT = re.compile(r"\\u\{([0-9a-f]+)\}")
_MAX_COLUMNS = 1000


def columns_needed(probe: DataFrame, expressions: Mapping[str, str], where: str) -> list[str]:
    """Find the file columns that the expressions read, by asking the engine's own analysis.

    Args:
        probe: Any frame of the session that will run the expressions; not read.
        expressions: Contract column to SQL expression.
        where: File and section the expressions come from, for messages.

    Returns:
        Column names as the expressions spell them, sorted.

    Raises:
        SettingsError: An expression does not parse, does not fit text columns, fails on text that
            it can't read, or does not give one value a row.
    """
    needed: set[str] = set()
    for name, expression in expressions.items():
        for _ in range(_MAX_COLUMNS):
            unknown = _unresolved(probe, expression, sorted(needed), f"{where} {name}")
            if unknown is None:
                break
            needed.add(unknown)
    for name, expression in expressions.items():
        _try_out(probe, expression, sorted(needed), f"{where} {name}")
    return sorted(needed)


def _try_out(probe: DataFrame, expression: str, columns: Sequence[str], key: str) -> None:
    """Evaluate on one row of nonsense: a value may be null then, but nothing may fail."""
    nonsense = probe.limit(1).select(*[F.lit("?").alias(c) for c in (LINEAGE, *columns)])
    try:
        # In a condition an expression that makes rows of a value (explode) is refused too.
        asked = nonsense.where(F.expr(expression).isNotNull())
        asked.select(LINEAGE, F.array(F.expr(expression))).collect()
    except PySparkException as error:
        raise SettingsError(
            f"{key} fails on a value that it can't read: {expression!r}. {_first_line(error)} "
            "Use try_cast, try_to_timestamp and the like, one value a row"
        ) from error


def check_timestamp_format(probe: DataFrame, pattern: str, where: str) -> None:
    """Raise SettingsError when ``pattern`` is not a Spark pattern of times."""
    try:
        probe.limit(1).select(F.try_to_timestamp(F.lit("?"), F.lit(pattern))).collect()
    except PySparkException as error:
        raise SettingsError(
            f"{where} timestamp_format {pattern!r} is not a pattern such as dd/MM/yyyy HH:mm: "
            f"{_first_line(error)}"
        ) from error


def _unresolved(probe: DataFrame, expression: str, columns: Sequence[str], key: str) -> str | None:
    frame = probe.select(*[F.lit("").cast(T.StringType()).alias(c) for c in columns])
    try:
        # Reading the schema makes Connect analyse too, which it otherwise puts off.
        _ = frame.select(F.expr(expression)).schema
    except (ParseException, IllegalArgumentException) as error:
        raise SettingsError(f"{key} is not SQL: {expression!r}. {_first_line(error)}") from error
    except PySparkException as error:
        name = _missing_column(error)
        if name is None:
            raise SettingsError(
                f"{key} can't be computed from text columns: {expression!r}. {_first_line(error)}"
            ) from error
        if name in columns:
            raise SettingsError(f"{key} can't resolve {name!r} in {expression!r}") from error
        return name
    return None


def _missing_column(error: PySparkException) -> str | None:
    """The column that an expression reads and the frame has not; None for any other error."""
    if (error.getCondition() or "").startswith("UNRESOLVED_COLUMN"):
        return (error.getMessageParameters() or {})["objectName"].strip("`").replace("``", "`")
    # Sail has no conditions, and names what it misses as it was parsed.
    told = _SAIL_MISSES.search(str(error))
    if told is None:
        return None
    # Quoted as Rust does, which is JSON but for the code points in braces.
    quoted = _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), told.group(1))
    return str(json.loads(f'"{quoted}"', strict=False))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def text_of(name: str) -> SparkColumn:
    """What a record has by a name; null when it has no such name.

    By position: to ask the map itself takes Sail twenty times as long, and Spark as long.
    """
    record = F.col(L.RECORD)
    position = F.array_position(F.map_keys(record), F.lit(name)) - 1
    return F.get(F.map_values(record), position.cast("int"))


def apply_mapping(
    bronze: DataFrame, expressions: Mapping[str, str], needed: Sequence[str]
) -> DataFrame:
    """Evaluate a source's expressions on bronze records.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        expressions: Contract column to SQL expression.
        needed: File columns that they read (``columns_needed``).

    Returns:
        One row a record: the mapped columns, still of whatever type the expression gave, and
        ``LINEAGE``, a struct of all bronze columns, so that no name of the shop can collide with
        ours.
    """
    text = [text_of(name).alias(name) for name in needed]
    lineage = F.struct(*[F.col(c) for c in bronze.columns]).alias(LINEAGE)
    return bronze.select(lineage, *text).select(
        F.col(LINEAGE), *[F.expr(sql).alias(name) for name, sql in expressions.items()]
    )
