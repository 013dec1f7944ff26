"""Ctrl-C and termination end a stream after the current micro-batch, and leave complete tables."""

import os
import signal
from pathlib import Path

import pytest

from goldrun.io.engines.base import Engine
from tests.faults.child import BATCH_BEGINS
from tests.faults.compare import find_differences
from tests.faults.scenario import scenario
from tests.kafka import running_broker

pytestmark = [pytest.mark.slow, pytest.mark.of_spark]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_stream_ends_cleanly_on_a_signal_and_continues_later(
    sent: signal.Signals, engine: Engine, tmp_path: Path
) -> None:
    with (
        running_broker(tmp_path / "kafka") as broker,
        scenario(broker, tmp_path / "w", seed=1) as w,
    ):
        w.send(600)
        stream = w.start("--batch-rows=150", "--every=0.1")
        assert stream.wait_for(BATCH_BEGINS)
        # A terminal sends Ctrl-C to the whole group; a supervisor ends its child alone.
        send = os.killpg if sent is signal.SIGINT else os.kill
        send(stream.process.pid, sent)
        ended = stream.end()
        assert ended.code == 0, ended.output
        assert "ending after the current micro-batch" in ended.output
        assert not ended.crashed
        drained = w.drain()
        assert drained.code == 0, drained.output
        assert find_differences(engine, w) == []
