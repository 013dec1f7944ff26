"""A Spark Connect server: another machine computes, and this process needs no Java."""

import contextlib
from collections.abc import Iterator
from functools import cached_property

from goldrun.io.engines.base import Capabilities, Engine, Options
from goldrun.io.engines.connect.session import open_connect
from goldrun.io.engines.spark.engine import SparkEngine
from goldrun.io.engines.tables import Tables


class ConnectEngine(SparkEngine):
    """See ``Engine``. It reads text as ``SparkEngine`` does, and writes tables in SQL."""

    name = "connect"
    capabilities = Capabilities(clustering=True, servers=True, object_stores=True)

    @classmethod
    @contextlib.contextmanager
    def open(cls, options: Options) -> Iterator[Engine]:
        """See ``Engine``."""
        with open_connect(options.remote) as session:
            yield cls(session)

    @cached_property
    def tables(self) -> Tables:
        """See ``Engine``."""
        from goldrun.io.engines.connect.tables import ConnectTables  # noqa: PLC0415

        return ConnectTables(self.session)
