"""What computes: Spark, or Sail, which needs no Java and knows no streams."""

import contextlib
import os
from collections.abc import Iterator
from enum import StrEnum

from pyspark.sql import SparkSession

from goldrun.errors import SettingsError, did_you_mean
from goldrun.io.sail import is_sail, open_sail
from goldrun.io.spark import open_session
from goldrun.io.storage import Storage


class Engine(StrEnum):
    """What computes."""

    SPARK = "spark"
    SAIL = "sail"


DEFAULT_ENGINE = Engine.SPARK


def engine_named(option: str) -> Engine:
    """The engine: the option, else ``GOLDRUN_ENGINE``, else Spark.

    Raises:
        SettingsError: There is no such engine.
    """
    name = option or os.environ.get("GOLDRUN_ENGINE", "") or DEFAULT_ENGINE
    try:
        return Engine(name)
    except ValueError as error:
        known = [str(engine) for engine in Engine]
        raise SettingsError(
            f"engine {name!r}{did_you_mean(name, known)}: there are {', '.join(known)}"
        ) from error


@contextlib.contextmanager
def open_engine(
    engine: Engine, app: str = "goldrun", *, master: str = "", kafka: bool = False
) -> Iterator[SparkSession]:
    """Open a session of an engine and stop it at the end.

    Args:
        engine: Which one.
        app: Its name.
        master: Where Spark computes; see ``open_session``.
        kafka: Whether Spark must read Kafka.

    Raises:
        SettingsError: A master is named, and the engine has none.
        ToolchainError: It did not start.
    """
    if engine is Engine.SPARK:
        with open_session(app, master=master, kafka=kafka) as session:
            yield session
        return
    if master:
        raise SettingsError(f"{engine} computes in this process, not on {master}: use engine spark")
    with open_sail() as session:
        yield session


def storage_of(spark: SparkSession) -> Storage:
    """What writes the Delta tables of a session."""
    # Each needs libraries that the other does without, and half a second to load them.
    if is_sail(spark):
        from goldrun.io.rust_storage import RustStorage  # noqa: PLC0415

        return RustStorage(spark)
    from goldrun.io.spark_storage import SparkStorage  # noqa: PLC0415

    return SparkStorage(spark)
