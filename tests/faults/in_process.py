"""The stream in this process, whose JVM is warm: for faults that do not end a process."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from goldrun.errors import GoldrunError
from goldrun.io.delta.errors import storage_explained
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from tests.faults.scenario import Ended, Scenario

ALL = Limits(available_now=True, batch_rows=400)


@dataclass(frozen=True)
class InProcess:
    """Runs streams in this process and session, one at a time."""

    engine: Engine
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def context(self, scenario: Scenario) -> Context:
        """Return the context of a command with the scenario's source, lake and store."""
        source = load_source(str(scenario.settings))
        lake = Lake(self.engine, str(scenario.lake))
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("MLFLOW_TRACKING_URI", scenario.store_uri)
            return Context(lake, Tracker(), source, datetime.now(UTC))

    def run(self, scenario: Scenario, limits: Limits = ALL, given: Context | None = None) -> Ended:
        """Run the stream; an exception that is not a named error counts as a crash.

        Args:
            scenario: Topic, lake and store.
            limits: When the stream ends.
            given: A context that another task in this process shares with the stream.
        """
        with self._turn, pytest.MonkeyPatch.context() as patched:
            patched.setenv("GOLDRUN_KAFKA", scenario.broker.address)
            try:
                ctx = given or self.context(scenario)
                with ctx.tracker.run("stream", "faults"), storage_explained(ctx.lake.root):
                    stream.run(ctx, limits)
            except GoldrunError as error:
                return Ended(error.exit_code, f"error: {error}")
            except Exception as error:  # noqa: BLE001 - any exception is a finding
                return Ended(1, f"Traceback: {type(error).__name__}: {error}")
        return Ended(0, "")

    def forget_tables(self) -> None:
        """Clear Delta's cache, which keeps the state of each table, also of a deleted lake."""
        jvm = self.engine.session._jvm
        jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
