"""Sail: Spark's DataFrames computed in this process, without Java, on tables in a folder."""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from goldrun.io.engines.base import Capabilities, Engine, Options
from goldrun.io.engines.sail.scratch import Scratch, open_scratch
from goldrun.io.engines.sail.session import open_sail
from goldrun.io.engines.tables import Tables
from goldrun.io.sources.csv_files import Header

# Modules that a method imports are loaded with the first use of the engine, not with the command.


class SailEngine(Engine):
    """See ``Engine``. It serves batches on tables that Spark has not clustered."""

    name = "sail"
    capabilities = Capabilities(vacuum=True, writes_locally=True)
    # Twice as many take a fifth longer, eight times as many twice as long a row (decision 018).
    rows_at_once = 2_500_000

    def __init__(self, session: SparkSession, scratch: Scratch) -> None:
        """Use a session and the folder that it shares with this process."""
        super().__init__(session)
        self.scratch = scratch

    @classmethod
    @contextlib.contextmanager
    def open(cls, options: Options) -> Iterator[Engine]:
        """See ``Engine``."""
        with open_scratch() as scratch, open_sail(scratch) as session:
            yield cls(session, scratch)

    @classmethod
    def unwritable_tables(cls, folder: Path) -> list[str]:
        """See ``Engine``."""
        from goldrun.io.engines.sail.tables import only_spark_writes  # noqa: PLC0415

        tables = [log.parent for log in sorted(folder.glob("*/*/_delta_log"))]
        return [str(one.relative_to(folder)) for one in tables if only_spark_writes(str(one))]

    @cached_property
    def tables(self) -> Tables:
        """See ``Engine``."""
        from goldrun.io.engines.sail.tables import SailTables  # noqa: PLC0415

        return SailTables(self.session, self.scratch)

    def read_csv(self, files: Mapping[Path, str], headers: Mapping[Path, Header]) -> DataFrame:
        """See ``Engine``."""
        from goldrun.io.engines.sail import text  # noqa: PLC0415

        return text.read_csv(self.session, self.scratch, files, headers)

    def read_json(self, files: Mapping[Path, str]) -> DataFrame:
        """See ``Engine``."""
        from goldrun.io.engines.sail import text  # noqa: PLC0415

        return text.read_json(self.session, self.scratch, files)

    def one_file_per_task(self, *, whole: bool = False) -> AbstractContextManager[None]:
        """See ``Engine``. Rows have their numbers when they are read."""
        return contextlib.nullcontext()
