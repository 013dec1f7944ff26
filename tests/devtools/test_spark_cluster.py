"""A cluster on this machine is found by its folder, stopped completely, and equals local Spark."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.equal import same_tables
from benchmarks.feed import write_feed
from benchmarks.full_build import GOLDRUN, build, last_day
from goldrun.devtools.spark_cluster import HOST, WORKERS, SparkCluster
from goldrun.errors import ToolchainError

pytestmark = pytest.mark.of_spark

ROWS = 5_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def test_a_folder_without_a_cluster_has_nothing_to_stop(tmp_path: Path) -> None:
    cluster = SparkCluster(tmp_path / "none")
    assert cluster.running() == []
    assert not cluster.stop()


def test_a_used_port_is_reported_before_the_cluster_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        cluster = SparkCluster(tmp_path, taken.getsockname()[1])
        with pytest.raises(ToolchainError, match="choose another port"):
            cluster.start()
    assert cluster.running() == []


def test_a_process_with_the_reused_id_of_an_ended_one_is_not_the_cluster(tmp_path: Path) -> None:
    began = psutil.Process().create_time()
    (tmp_path / "processes.json").write_text(f"[[{os.getpid()}, {began - 60}]]")
    assert SparkCluster(tmp_path).running() == []
    (tmp_path / "processes.json").write_text(f"[[{os.getpid()}, {began}]]")
    assert [process.pid for process in SparkCluster(tmp_path).running()] == [os.getpid()]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    made = SparkCluster(tmp_path_factory.mktemp("cluster"), free_port())
    assert made.start()
    yield made
    made.stop()


@pytest.mark.slow
def test_the_cluster_writes_the_same_tables_as_local_spark(
    cluster: SparkCluster, tmp_path: Path
) -> None:
    feed, as_of = tmp_path / "feed", last_day(ROWS)
    write_feed(feed, 0, ROWS, ROWS // 25)
    build(GOLDRUN, feed, tmp_path / "local", as_of)
    build(GOLDRUN, feed, tmp_path / "far", as_of, cluster.address)
    worked = [len(list(cluster.folder.glob(f"worker-{n}/app-*"))) for n in range(1, WORKERS + 1)]
    assert worked == [1] * WORKERS
    different = same_tables(tmp_path / "local", tmp_path / "far")
    assert set(different.values()) == {0}


@pytest.mark.slow
def test_the_cluster_is_found_by_its_folder_and_stopped_completely(cluster: SparkCluster) -> None:
    found = SparkCluster(cluster.folder, cluster.port)
    processes = found.running()
    assert len(processes) == WORKERS + 1
    assert not found.start()
    assert found.stop()
    assert not any(process.is_running() for process in processes)
    assert found.running() == []
