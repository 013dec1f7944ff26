"""The truth and the lake as tables of one DuckDB connection."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Table
from goldrun.features.catalog.feature_tables import ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.lake import Lake
from tests.marketplace.oracle import TRUTH

SILVER = "silver"
GOLD = "gold"
BRONZE = "bronze"
PERSONAL = "personal"
GOLD_TABLES = (*ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES)
VERSIONED = tuple(name for name, table in ENTITIES.items() if table.versioned_by)
LEDGER_COLUMNS = {
    "entity": "VARCHAR",
    "trace": "VARCHAR",
    "kind": "VARCHAR",
    "fate": "VARCHAR",
    "reasons": "VARCHAR[]",
    "key": "VARCHAR",
}
_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "date": "DATE",
    "double": "DOUBLE",
}


def connect(folder: Path, memory: str = "1GB") -> duckdb.DuckDBPyConnection:
    """Open a database in memory that spills into a folder."""
    db = duckdb.connect(
        config={"memory_limit": memory, "temp_directory": str(folder / "spill"), "threads": "2"}
    )
    db.execute("SET TimeZone = 'UTC'")
    return db


def load_truth(db: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Show ``truth/<entity>``, their histories and the ledger as views of schema ``truth``.

    Raises:
        FileNotFoundError: A table of the truth is not there.
    """
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {TRUTH}")
    for entity, table in ENTITIES.items():
        columns = {c.name: duckdb_type(c.type) for c in table.columns}
        _view(db, data, entity, columns)
        if table.versioned_by:
            valid = {lineage.VALID_FROM: "TIMESTAMP", lineage.VALID_TO: "TIMESTAMP"}
            _view(db, data, f"{entity}_history", columns | valid)
    _view(db, data, "ledger", LEDGER_COLUMNS)


def duckdb_type(kind: T.DataType) -> str:
    """Name of the same type in DuckDB; times are UTC without a zone there."""
    if isinstance(kind, T.DecimalType):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    return "TIMESTAMP" if isinstance(kind, T.TimestampType) else _TYPES[kind.simpleString()]


def _view(db: duckdb.DuckDBPyConnection, data: Path, name: str, columns: dict[str, str]) -> None:
    folder = data / "truth" / name
    if not any(folder.glob("*.parquet")):
        raise FileNotFoundError(f"{folder} has no parquet file: simulate the marketplace first")
    shown = ", ".join(
        # Any unit or zone of the file becomes microseconds since 1970 in UTC.
        f"make_timestamp(epoch_us({column})) AS {column}"
        if kind == "TIMESTAMP"
        else f"CAST({column} AS {kind}) AS {column}"
        for column, kind in columns.items()
    )
    db.execute(
        f"CREATE OR REPLACE VIEW {TRUTH}.{name} AS "
        f"SELECT {shown} FROM read_parquet('{folder}/*.parquet')"
    )


@dataclass(frozen=True)
class Export:
    """Exports frames from Spark as parquet files in a folder and views of a database."""

    db: duckdb.DuckDBPyConnection
    folder: Path

    def bring(self, rows: DataFrame, schema: str, name: str) -> None:
        """Write a frame and show it as ``schema.name``; its times lose their zone, UTC."""
        target = self.folder / schema / name
        portable = rows.select(*[_portable(field) for field in rows.schema])
        portable.write.parquet(str(target))
        if not list(target.glob("*.parquet")):
            # Some engines write no file for an empty frame.
            target.mkdir(parents=True, exist_ok=True)
            pq.write_table(portable.toArrow(), target / "empty.parquet")
        self.db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        self.db.execute(
            f"CREATE OR REPLACE VIEW {schema}.{name} AS FROM read_parquet('{target}/*.parquet')"
        )


def _portable(field: T.StructField) -> SparkColumn:
    column = F.col(f"`{field.name}`")
    # A plain timestamp would be written as INT96, which is deprecated.
    return column.cast("timestamp_ntz").alias(field.name) if _is_time(field) else column


def _is_time(field: T.StructField) -> bool:
    return isinstance(field.dataType, T.TimestampType)


def load_lake(export: Export, lake: Lake, source: Source) -> None:
    """Show what the checks compare as views of the schemas ``silver``, ``gold`` and ``bronze``."""
    for entity, table in ENTITIES.items():
        stored = lake.read_or_empty(lineage.silver_table(table))
        export.bring(stored.select(*table.names, lineage.RECORD_ID), SILVER, entity)
        history = lake.read_or_empty(lineage.history_table(table))
        # Immutable entities have no history; an empty one makes the counts uniform.
        columns = (*table.names, lineage.VALID_FROM, lineage.VALID_TO, lineage.RECORD_ID)
        export.bring(history.select(*columns), SILVER, f"{entity}_history")
    quarantine = lake.read_or_empty(lineage.QUARANTINE)
    export.bring(
        quarantine.select(
            lineage.RECORD_ID, lineage.ENTITY, lineage.RECORD, lineage.REASONS, lineage.STATE
        ),
        SILVER,
        "quarantine",
    )
    duplicates = lake.read_or_empty(lineage.DUPLICATES)
    export.bring(
        duplicates.select(lineage.RECORD_ID, lineage.KEPT_RECORD_ID, lineage.ENTITY),
        SILVER,
        "duplicates",
    )
    for entity, table in ENTITIES.items():
        export.bring(_raw_keys(lake, source, entity, table, duplicates), BRONZE, f"{entity}_keys")
    export.bring(_raw_personal(lake, source), BRONZE, PERSONAL)
    for gold in GOLD_TABLES:
        export.bring(lake.read_or_empty(gold), GOLD, gold.name.split("/")[1])


def _raw_keys(
    lake: Lake, source: Source, entity: str, table: Table, duplicates: DataFrame
) -> DataFrame:
    """Return the key of every duplicate as text of its raw record; null if it is computed."""
    bronze = lake.read_or_empty(lineage.bronze_table(entity))
    ours = duplicates.where(F.col(lineage.ENTITY) == entity).select(lineage.RECORD_ID)
    expression = source.entities[entity].columns[table.key[0]]
    key = F.lit(None).cast("string")
    if re.fullmatch(r"\w+", expression):
        key = F.trim(F.col(lineage.RECORD)[expression])
    return bronze.join(ours, lineage.RECORD_ID, "left_semi").select(
        lineage.RECORD_ID, key.alias("key")
    )


def _raw_personal(lake: Lake, source: Source) -> DataFrame:
    """Return every personal value as text of the customers' raw records: ``kind``, ``value``."""
    bronze = lake.read_or_empty(lineage.bronze_table("customers"))
    mapped = source.entities["customers"].columns
    values = [
        F.struct(F.lit(column.name).alias("kind"), F.col(lineage.RECORD)[word].alias("value"))
        for column in CUSTOMERS.columns
        if column.personal and column.name in mapped
        # A name in an expression that is no column of the file gives null, which is dropped.
        for word in sorted(set(re.findall(r"\w+", mapped[column.name])))
    ]
    return bronze.select(F.inline(F.array(*values))).where("value is not null").distinct()


def text_columns(rows: DataFrame) -> Sequence[str]:
    """Return the text columns of a frame."""
    return [f.name for f in rows.schema if isinstance(f.dataType, T.StringType)]


def distinct_texts(lake: Lake, tables: Iterable[str]) -> dict[str, DataFrame]:
    """Return the distinct texts of each table in a column ``value``."""
    texts = {}
    for table in tables:
        rows = lake.read(table)
        columns = text_columns(rows)
        if columns:
            stacked = F.explode(F.array(*[F.col(f"`{name}`") for name in columns]))
            texts[table] = rows.select(stacked.alias("value")).distinct()
    return texts
