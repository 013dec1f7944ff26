"""Failures of the disk and of a lake's files become named errors; other errors are unchanged."""

import errno

import pytest
from google.protobuf.message import DecodeError
from pyspark.errors.exceptions.connect import SparkConnectGrpcException

from goldrun.errors import SettingsError, StorageError, ToolchainError
from goldrun.io.delta import errors
from goldrun.io.delta.errors import (
    connection_failure,
    depth_failure,
    memory_failure,
    storage_explained,
    storage_failure,
)
from goldrun.io.engines.memory import in_bytes

LAKE = "/data/lake"
COMMIT = f"{LAKE}/silver/transactions/_delta_log/00000000000000000002.json"
DAMAGED = {
    f"org.apache.hadoop.fs.ChecksumException: Checksum error: file:{COMMIT} at 0": COMMIT,
    f"java.io.FileNotFoundException: File {LAKE}/gold/a/part-0.parquet does not exist": (
        f"{LAKE}/gold/a/part-0.parquet"
    ),
    "java.lang.IllegalStateException: Could not find any delta files for version 2": LAKE,
    f"batch 3 doesn't exist\n\tat {LAKE}/_checkpoints/shop/offsets/3": (
        f"{LAKE}/_checkpoints/shop/offsets/3"
    ),
    f"[FAILED_READ_FILE.NO_HINT] Encountered error while reading file file:{LAKE}/x.parquet.": (
        f"{LAKE}/x.parquet"
    ),
}


@pytest.mark.parametrize(("message", "place"), DAMAGED.items())
def test_an_error_names_a_damaged_file_and_the_remedy(message: str, place: str) -> None:
    error = storage_failure(OSError(message), LAKE)
    assert isinstance(error, StorageError)
    assert str(error).startswith(place)
    remedy = f"delete {LAKE}/_checkpoints/shop;" if "_checkpoints" in place else "restore the file"
    assert remedy in str(error)


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        (
            "1 MB remain for the total memory pool: fair",
            "set GOLDRUN_DRIVER_MEMORY to more",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "a cluster or a server: its own settings"),
    ],
)
def test_an_error_names_the_memory_setting_that_is_too_small(
    monkeypatch: pytest.MonkeyPatch, message: str, remedy: str
) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", "1m")
    with pytest.raises(ToolchainError, match=remedy), storage_explained(LAKE):
        raise OSError(message)


@pytest.mark.parametrize(
    ("held", "remedy"),
    [
        ("4g", "set GOLDRUN_DRIVER_MEMORY to more, such as 8192m"),
        ("6g", "set GOLDRUN_DRIVER_MEMORY to more, such as 8192m"),
        ("8g", "use engine spark"),
    ],
)
def test_an_error_suggests_no_more_memory_than_the_machine_has(
    monkeypatch: pytest.MonkeyPatch, held: str, remedy: str
) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", held)
    monkeypatch.setattr(errors, "machine_memory", lambda: 10 << 30)
    monkeypatch.setattr(errors, "peak_memory", lambda: in_bytes(held) * 3 // 4)
    error = memory_failure(OSError("1 MB remain for the total memory pool: fair"))
    assert error is not None
    assert str(error).startswith(f"{held} of memory are not enough")
    assert remedy in str(error)


def test_memory_is_not_named_as_the_cause_if_the_process_uses_a_fraction_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", "14463m")
    monkeypatch.setattr(errors, "peak_memory", lambda: 1 << 30)
    reason = "Failed to allocate additional 90.0 GB - 1 GB remain for the total memory pool: fair"
    message = str(memory_failure(OSError(reason)))
    assert message.startswith("Sail refused an operator a part of its limit of 14463m")
    assert "held 1024m at most" in message
    assert reason in message
    assert "use engine spark" in message
    assert "not enough" not in message
    assert "GOLDRUN_DRIVER_MEMORY" not in message


@pytest.mark.parametrize(
    "reason",
    [
        "\tstatus = StatusCode.UNAVAILABLE\n\tdetails = Socket closed",
        "internal error: task context not found for operation",
        "invalid argument: operation not found: 1f6c",
    ],
)
def test_an_error_names_a_lost_connection_to_the_server(reason: str) -> None:
    error = SparkConnectGrpcException(f"<RPC that terminated with:\n{reason}\n>")
    with (
        pytest.raises(ToolchainError, match=r"lost.*run the same command again"),
        storage_explained(LAKE),
    ):
        raise error


def test_a_refusal_by_the_server_is_no_lost_connection() -> None:
    error = SparkConnectGrpcException("status = StatusCode.INTERNAL\ndetails = division by zero")
    assert connection_failure(error) is None


def test_an_error_names_the_remedy_for_a_full_disk() -> None:
    error = storage_failure(OSError(errno.ENOSPC, "No space left on device"), LAKE)
    assert "make room" in str(error)


def test_the_cause_of_an_error_is_checked_too() -> None:
    error = RuntimeError("the write failed")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert "the disk is full" in str(storage_failure(error, LAKE))


def test_another_error_is_unchanged() -> None:
    error = OSError("the network is unreachable")
    assert storage_failure(error, LAKE) is None
    with pytest.raises(OSError, match="unreachable"), storage_explained(LAKE):
        raise error


def test_a_known_failure_replaces_the_original_error() -> None:
    with pytest.raises(StorageError, match="disk is full"), storage_explained(LAKE):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "message",
    [
        f"[Errno 20] Not a directory: '{LAKE}/bronze'",
        f"[Errno 2] No such file or directory: '{LAKE}'",
        f"[Errno 13] Permission denied: '{LAKE}/bronze'",
        f"LocalFileSystem error: Unable to open {LAKE}/a: Read-only file system (os error 30)",
    ],
)
def test_a_path_that_cannot_hold_a_lake_is_named(message: str) -> None:
    error = storage_failure(OSError(message), LAKE)
    assert error is not None
    assert f"{LAKE} can't be used as a lake" in str(error)
    assert "--lake" in str(error)


def test_an_error_of_another_path_is_unchanged() -> None:
    assert storage_failure(OSError("[Errno 13] Permission denied: '/elsewhere'"), LAKE) is None


@pytest.mark.parametrize(
    "message",
    [
        "Error parsing message with type 'spark.connect.Expression': "
        "Exceeded upb_DecodeOptions_MaxDepth",
        "java.lang.StackOverflowError",
    ],
)
def test_a_plan_that_is_too_deep_is_refused_with_the_remedy(message: str) -> None:
    with pytest.raises(SettingsError, match="in fewer parts"), storage_explained(LAKE):
        raise DecodeError(message)


def test_another_error_is_not_a_plan_that_is_too_deep() -> None:
    assert depth_failure(OSError("No space left on device")) is None
