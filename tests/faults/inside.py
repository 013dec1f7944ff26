"""The stream in this process, whose JVM is warm: for faults that no process dies of."""

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
from tests.faults.world import Ended, World

ALL = Limits(available_now=True, batch_rows=400)


@dataclass(frozen=True)
class Inside:
    """A session to stream with, for one stream at a time."""

    engine: Engine
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def context(self, world: World) -> Context:
        """The context of a command that is given the world's source, lake and store."""
        source = load_source(str(world.settings))
        lake = Lake(self.engine, str(world.lake))
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("MLFLOW_TRACKING_URI", world.store_uri)
            return Context(lake, Tracker(), source, datetime.now(UTC))

    def take(self, world: World, limits: Limits = ALL, given: Context | None = None) -> Ended:
        """Take what there is; what is raised and is no refusal by name is a crash.

        Args:
            world: Where.
            limits: When to end.
            given: A context that somebody in this process shares with the stream.
        """
        with self._turn, pytest.MonkeyPatch.context() as patched:
            patched.setenv("GOLDRUN_KAFKA", world.broker.address)
            try:
                ctx = given or self.context(world)
                with ctx.tracker.run("stream", "faults"), storage_explained(ctx.lake.root):
                    stream.run(ctx, limits)
            except GoldrunError as error:
                return Ended(error.exit_code, f"error: {error}")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                return Ended(1, f"Traceback: {type(error).__name__}: {error}")
        return Ended(0, "")
