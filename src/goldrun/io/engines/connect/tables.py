"""Delta tables through a Spark Connect server, in SQL, which every server with Delta executes."""

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame

from goldrun.contracts.table import Table
from goldrun.io.delta.properties import named
from goldrun.io.engines.spark.staged_write import SparkStagedWrite, commit
from goldrun.io.engines.spark.tables import SparkTables
from goldrun.io.engines.tables import NEW, OLD, Merge

_MISSING = {"DELTA_PATH_DOES_NOT_EXIST", "DELTA_MISSING_DELTA_TABLE", "DELTA_TABLE_NOT_FOUND"}


class ConnectTables(SparkTables):
    """See ``Tables``.

    It replaces what ``SparkTables`` does with Delta's Python classes: those need a plugin on the
    server, which most servers don't have.
    """

    def exists(self, path: str) -> bool:
        """See ``Tables``."""
        try:
            detail = self._session.sql(f"DESCRIBE DETAIL {named(path)}").collect()
        except AnalysisException as error:
            if error.getCondition() in _MISSING:
                return False
            raise
        # DESCRIBE of a folder without a table succeeds, without a format.
        return bool(detail[0]["format"] == "delta")

    @contextlib.contextmanager
    def stage(
        self, path: str, table: Table, rows: Sequence[DataFrame], *, reused: bool = False
    ) -> Iterator["ConnectStagedWrite"]:
        """See ``Tables``."""
        with super().stage(path, table, rows, reused=reused) as staged:
            yield ConnectStagedWrite(self._session, path, table, staged.rows, sort=reused)

    def delete_rows(self, path: str, keys: DataFrame) -> None:
        """See ``Tables``."""
        same = " AND ".join(f"{OLD}.`{name}` = {NEW}.`{name}`" for name in keys.columns)
        _merge(path, keys, same, "WHEN MATCHED THEN DELETE")


class ConnectStagedWrite(SparkStagedWrite):
    """See ``StagedWrite``."""

    def merge(self, how: Merge) -> None:
        """See ``StagedWrite``."""
        same = [f"{OLD}.`{name}` = {NEW}.`{name}`" for name in self._table.key]
        if not self._table.key_is_personal:
            for name, ends in how.spans.items():
                low, high = map(_literal, ends)
                same.append(f"{OLD}.`{name}` BETWEEN {low} AND {high}")
        if how.where:
            same.append(how.where)
        delete = (
            f"WHEN MATCHED AND {NEW}.`{how.delete_flag}` THEN DELETE" if how.delete_flag else ""
        )
        names = [f"`{name}`" for name in self._table.names]
        updated = ", ".join(f"{OLD}.{name} = {NEW}.{name}" for name in names)
        inserted = ", ".join(f"{NEW}.{name}" for name in names)
        clauses = (
            f"{delete} WHEN MATCHED THEN UPDATE SET {updated} "
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) VALUES ({inserted})"
        )
        condition = " AND ".join(same)
        commit(self._table, lambda: _merge(self._path, self._rows, condition, clauses))


def _merge(path: str, rows: DataFrame, condition: str, clauses: str) -> None:
    session, view = rows.sparkSession, f"goldrun_{uuid.uuid4().hex}"
    rows.createOrReplaceTempView(view)
    try:
        session.sql(
            f"MERGE INTO {named(path)} AS {OLD} USING {view} AS {NEW} ON {condition} {clauses}"
        ).collect()
    finally:
        session.catalog.dropTempView(view)


def _literal(value: object) -> str:
    """Write a value of a key as a literal of SQL. A MERGE of Delta takes no parameters."""
    if isinstance(value, datetime):
        # A collected time has no zone: it is in the zone of this machine.
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value)
