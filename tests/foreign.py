"""Changes of a table that goldrun does not make: those of another program, by hand."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from deltalake import DeltaTable, Field, write_deltalake
from deltalake.schema import PrimitiveType
from pyspark.sql import DataFrame, SparkSession

from goldrun.io.delta.lake import Lake
from goldrun.io.delta.properties import named
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.engines.spark.session import NOTE


@contextlib.contextmanager
def as_another_program(session: SparkSession) -> Iterator[SparkSession]:
    """Use Spark's session without goldrun's note on its commits."""
    note = session.conf.get(NOTE)
    session.conf.unset(NOTE)
    try:
        yield session
    finally:
        session.conf.set(NOTE, note or "")


def delete(lake: Lake, table: str, where: str) -> None:
    """Delete rows of a table."""
    if isinstance(lake.engine, SailEngine):
        DeltaTable(lake.path(table)).delete(where)
        return
    with as_another_program(lake.session) as spark:
        spark.sql(f"DELETE FROM {named(lake.path(table))} WHERE {where}").collect()


def update(lake: Lake, table: str, column: str, value: str, where: str) -> None:
    """Set a column of some rows of a table to an expression."""
    if isinstance(lake.engine, SailEngine):
        DeltaTable(lake.path(table)).update({column: value}, predicate=where)
        return
    with as_another_program(lake.session) as spark:
        at = named(lake.path(table))
        spark.sql(f"UPDATE {at} SET {column} = {value} WHERE {where}").collect()


def restore(lake: Lake, table: str, version: int) -> None:
    """Restore a table to an older version."""
    if isinstance(lake.engine, SailEngine):
        DeltaTable(lake.path(table)).restore(version)
        return
    with as_another_program(lake.session) as spark:
        spark.sql(f"RESTORE {named(lake.path(table))} TO VERSION AS OF {version}").collect()


def compact_and_vacuum(lake: Lake, table: str) -> None:
    """Rewrite a table's files into one, and remove all files of older versions."""
    path = lake.path(table)
    if isinstance(lake.engine, SailEngine):
        DeltaTable(path).optimize.compact()
        vacuum = DeltaTable(path).vacuum
        vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
        return
    with as_another_program(lake.session) as spark:
        spark.sql(f"OPTIMIZE {named(path)}").collect()
        check = "spark.databricks.delta.retentionDurationCheck.enabled"
        before = spark.conf.get(check)
        spark.conf.set(check, "false")
        spark.sql(f"VACUUM {named(path)} RETAIN 0 HOURS").collect()
        spark.conf.set(check, before or "true")


def overwrite(lake: Lake, table: str, rows: DataFrame) -> None:
    """Write rows in place of a table's, with their own columns and types."""
    path = lake.path(table)
    if isinstance(lake.engine, SailEngine):
        write_deltalake(path, rows.toArrow(), mode="overwrite", schema_mode="overwrite")
        return
    with as_another_program(lake.session):
        written = rows.localCheckpoint().write.format("delta").mode("overwrite")
        written.option("overwriteSchema", "true").save(path)


def add_column(lake: Lake, table: str, name: str) -> None:
    """Add a column of texts to a table."""
    if isinstance(lake.engine, SailEngine):
        DeltaTable(lake.path(table)).alter.add_columns([Field(name, PrimitiveType("string"))])
        return
    with as_another_program(lake.session) as spark:
        spark.sql(f"ALTER TABLE {named(lake.path(table))} ADD COLUMNS ({name} STRING)").collect()


def first_file(lake: Lake, table: str) -> Path:
    """A data file of a table."""
    (uri, *_) = DeltaTable(lake.path(table)).file_uris()
    return Path(uri)
