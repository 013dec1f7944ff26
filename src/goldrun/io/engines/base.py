"""The interface of an engine: a session, its Delta tables, text reading, and its capabilities."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pyspark.sql import DataFrame, SparkSession

from goldrun.io.engines.tables import Tables
from goldrun.io.sources.csv_files import Header


@dataclass(frozen=True)
class Capabilities:
    """What an engine declares that it can do beyond batch reads and writes.

    Attributes:
        streams: Structured Streaming with ``foreachBatch`` functions in this process.
        vacuum: Removal of old files and log entries, which an erasure needs.
        clustering: Liquid clustering of tables; without it, each write sorts its rows instead, by
            the first of the columns.
        masters: Computing on a Spark master.
        servers: Computing on a Spark Connect server.
        object_stores: Lakes in an object store, not only in a folder.
        writes_locally: Whether this machine writes the tables' files, so that a lock file on its
            disk excludes other writers.
    """

    streams: bool = False
    vacuum: bool = False
    clustering: bool = False
    masters: bool = False
    servers: bool = False
    object_stores: bool = False
    writes_locally: bool = False


@dataclass(frozen=True)
class Options:
    """How an engine is opened; empty strings leave the choice to the environment.

    Attributes:
        app: Name of the application.
        master: Spark master, such as ``spark://host:7077``.
        remote: Spark Connect server, such as ``sc://host:15002``.
        kafka: Whether the session needs the Kafka connector.
    """

    app: str = "goldrun"
    master: str = ""
    remote: str = ""
    kafka: bool = False


class Engine(ABC):
    """An open engine. Each engine is one subclass in a folder of its own, and in ``registry``.

    Attributes:
        name: Value of ``--engine`` and ``GOLDRUN_ENGINE``.
        capabilities: What the engine can do.
        rows_at_once: Number of rows above which a computation is faster in parts; None: no limit.
        session: The session whose frames the engine computes.
    """

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    rows_at_once: ClassVar[int | None] = None

    def __init__(self, session: SparkSession) -> None:
        """Use a session that is open."""
        self.session = session

    @classmethod
    @abstractmethod
    def open(cls, options: Options) -> AbstractContextManager["Engine"]:
        """Open a session and stop it at the end of the block.

        Raises:
            SettingsError: A setting of the engine is invalid.
            ToolchainError: The engine does not start or does not answer.
        """

    @classmethod
    def unwritable_tables(cls, folder: Path) -> list[str]:
        """Names of the tables in a lake's folder that the engine can't write, as ``layer/name``."""
        return []

    @property
    @abstractmethod
    def tables(self) -> Tables:
        """The engine's Delta tables."""

    @abstractmethod
    def read_csv(self, files: Mapping[Path, str], headers: Mapping[Path, Header]) -> DataFrame:
        """Read plain CSV files as text; ``csv_files`` defines which lines are malformed.

        Args:
            files: Fingerprint by file.
            headers: Header by file.

        Returns:
            ``RECORD``, the text by column, null for an empty field (an empty map for a malformed
            line); ``MALFORMED``, the raw text of a malformed line, else null; and ``PLACE``.
        """

    @abstractmethod
    def read_json(self, files: Mapping[Path, str]) -> DataFrame:
        """Read plain files of JSON lines as text; ``json_files`` defines which lines are malformed.

        Args:
            files: Fingerprint by file.

        Returns:
            ``RECORD``, the text by key, null for null (an empty map for a malformed line);
            ``MALFORMED``, the raw text of a malformed line, else null; and ``PLACE``.
        """

    def read_packed(self, records: Path) -> DataFrame:
        """Read the Parquet file that ``packed`` has written, in a folder that the engine shares.

        Returns:
            As ``read_csv``.
        """
        return self.session.read.parquet(str(records.resolve()))

    @abstractmethod
    def one_file_per_task(self, *, whole: bool = False) -> AbstractContextManager[None]:
        """Read each file in tasks of its own within the block, so that rows have stable numbers.

        Frames of ``read_csv`` and ``read_json`` are computed inside such a block.

        Args:
            whole: Whether one task reads a file, so that ``ROW`` counts the rows of the file.
        """
