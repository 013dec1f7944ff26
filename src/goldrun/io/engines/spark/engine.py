"""Spark in this process, on this machine or with a cluster's executors."""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

from pyspark.sql import DataFrame

from goldrun.io.engines.base import Capabilities, Engine, Options
from goldrun.io.engines.spark.session import open_session
from goldrun.io.engines.tables import Tables
from goldrun.io.sources.csv_files import Header

# Modules that a method imports are loaded with the first use of the engine, not with the command.


class SparkEngine(Engine):
    """See ``Engine``. It serves everything, and needs Java."""

    name = "spark"
    capabilities = Capabilities(
        streams=True,
        vacuum=True,
        clustering=True,
        masters=True,
        object_stores=True,
        writes_locally=True,
    )

    @classmethod
    @contextlib.contextmanager
    def open(cls, options: Options) -> Iterator[Engine]:
        """See ``Engine``."""
        with open_session(options.app, master=options.master, kafka=options.kafka) as session:
            yield cls(session)

    @cached_property
    def tables(self) -> Tables:
        """See ``Engine``."""
        from goldrun.io.engines.spark.tables import SparkTables  # noqa: PLC0415

        return SparkTables(self.session)

    def read_csv(self, files: Mapping[Path, str], headers: Mapping[Path, Header]) -> DataFrame:
        """See ``Engine``."""
        from goldrun.io.engines.spark import text  # noqa: PLC0415

        return text.read_csv(self.session, files, headers)

    def read_json(self, files: Mapping[Path, str]) -> DataFrame:
        """See ``Engine``."""
        from goldrun.io.engines.spark import text  # noqa: PLC0415

        return text.read_json(self.session, files)

    def one_file_per_task(self, *, whole: bool = False) -> AbstractContextManager[None]:
        """See ``Engine``."""
        from goldrun.io.engines.spark import text  # noqa: PLC0415

        return text.one_file_per_task(self.session, whole=whole)
