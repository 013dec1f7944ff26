"""A second writer on the same disk fails at once, and only for the same tables."""

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from goldrun.errors import LakeBusyError
from goldrun.io.delta.locks import Locks

HOLD = """
import sys
from goldrun.io.delta.locks import Locks
with Locks(sys.argv[1]).held(["silver/b", "silver/a"]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes silver/a and silver/b."""
    source = str(Path(__file__).parents[3] / "src")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": source},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if process.poll() is None:
            process.kill()


def owner(lake: Path, table: str) -> int:
    """Return the id of the process that acquired the lock of a table last."""
    layer, name = table.split("/")
    return int((lake / layer / f".{name}.owner").read_text())


@pytest.mark.parametrize("table", ["silver/a", "silver/b"])
def test_an_error_names_the_process_that_writes_a_table(
    other: subprocess.Popen[str], tmp_path: Path, table: str
) -> None:
    with pytest.raises(LakeBusyError) as exc_info, Locks(str(tmp_path), 0.1).held([table]):
        pass
    message = str(exc_info.value)
    assert f"another process (process {other.pid}) is writing {table}" in message
    assert str(tmp_path) in message
    assert exc_info.value.exit_code == 5


def test_other_tables_and_other_lakes_are_not_locked(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert other.poll() is None
    with Locks(str(tmp_path), 0.1).held(["silver/c", "gold/a"]):
        assert owner(tmp_path, "silver/c") == owner(tmp_path, "gold/a") == os.getpid()
    with Locks(str(tmp_path / "other"), 0.1).held(["silver/a"]):
        assert owner(tmp_path / "other", "silver/a") == os.getpid()
    assert owner(tmp_path, "silver/a") == other.pid


def test_a_lock_ends_with_its_process_even_if_that_is_killed(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    other.kill()
    other.wait()
    with Locks(str(tmp_path), 2).held(["silver/a", "silver/b"]):
        assert owner(tmp_path, "silver/a") == owner(tmp_path, "silver/b") == os.getpid()


def test_a_refused_lock_releases_the_other_locks(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert other.poll() is None
    with pytest.raises(LakeBusyError), Locks(str(tmp_path), 0.1).held(["bronze/x", "silver/a"]):
        pass
    with Locks(str(tmp_path), 0.1).held(["bronze/x"]):
        assert owner(tmp_path, "bronze/x") == os.getpid()


def test_a_lock_is_released_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Locks(str(tmp_path), 0.1).held(["gold/a"]):
        _ = 1 / 0
    with Locks(str(tmp_path), 0.1).held(["gold/a"]):
        assert owner(tmp_path, "gold/a") == os.getpid()


def test_an_object_store_has_no_lock_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Locks("s3a://bucket/lake", 0.1).held(["gold/a"]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_waiting_for_a_lock_does_not_block_other_locks(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert other.poll() is None
    ours = Locks(str(tmp_path), 30)

    def refused() -> None:
        with pytest.raises(LakeBusyError), ours.held(["silver/a"], wait_seconds=3):
            pass

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(refused)
        while "silver/a" not in ours._acquiring or not ours._acquiring["silver/a"].locked():
            time.sleep(0.01)
        began = time.monotonic()
        with ours.held(["gold/a"]):
            pass
        assert time.monotonic() - began < 1
        assert not waiting.done()
        waiting.result()


def test_concurrent_threads_share_one_lock(tmp_path: Path) -> None:
    ours, theirs = Locks(str(tmp_path), 5), Locks(str(tmp_path), 0)
    inside = threading.Barrier(4, timeout=10)

    def hold() -> int:
        with ours.held(["gold/a"]):
            with pytest.raises(LakeBusyError), theirs.held(["gold/a"]):
                pass
            return inside.wait()

    with ThreadPoolExecutor(4) as pool:
        places = [held.result() for held in [pool.submit(hold) for _ in range(4)]]
    assert sorted(places) == [0, 1, 2, 3]
    with theirs.held(["gold/a"]):
        pass


def test_a_process_can_acquire_its_own_lock_again(tmp_path: Path) -> None:
    ours, theirs = Locks(str(tmp_path), 0.1), Locks(str(tmp_path), 0.1)
    with ours.held(["gold/a", "gold/b"]):
        with ours.held(["gold/a"]):
            pass
        with pytest.raises(LakeBusyError), theirs.held(["gold/a"]):
            pass
    with theirs.held(["gold/a"]):
        pass


def test_a_full_disk_leaves_no_lock_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        # The error is kept, as by a stream that reports it later.
        with (
            pytest.raises(OSError, match="No space left") as kept,
            Locks(str(tmp_path)).held(["s/a"]),
        ):
            pass
    with Locks(str(tmp_path), 0.1).held(["s/a"]):
        assert owner(tmp_path, "s/a") == os.getpid()
    assert kept.value.errno == errno.ENOSPC
