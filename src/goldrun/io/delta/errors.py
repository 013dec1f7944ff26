"""Engine errors about storage, memory, plans or connections, as errors with a remedy."""

import contextlib
import re
from collections.abc import Iterator

import pyarrow as pa
from deltalake.exceptions import DeltaError
from google.protobuf.message import DecodeError
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.errors.exceptions.captured import CapturedException

from goldrun.errors import GoldrunError, SettingsError, StorageError, ToolchainError
from goldrun.io.engines.memory import SETTING, in_bytes, machine_memory, peak_memory, pool_memory

ENGINE_ERRORS = (
    PySparkException,
    Py4JJavaError,
    DeltaError,
    OSError,
    DecodeError,
    pa.ArrowException,
)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large")
_POOL_IS_FULL = "for the total memory pool"
_HEAP_IS_FULL = "OutOfMemoryError"
_TOO_DEEP = re.compile("Exceeded upb_DecodeOptions_MaxDepth|StackOverflowError")
"""Messages about a plan that is nested deeper than an engine or its protocol allows."""
_CONNECTION_LOST = re.compile(
    r"StatusCode\.UNAVAILABLE|task context not found for operation"
    r"|invalid argument: operation not found"
)
"""Messages about a server that can't be reached, or that can't send a result a second time."""
_DAMAGED = re.compile(
    r"ChecksumException|[Cc]hecksum error|Could not find any delta files|is not a Parquet file"
    r"|ParquetDecodingException"
    r"|could not verify page|FAILED_READ_FILE|FAILED_EXECUTE_FILE|FileNotFoundException"
    r"|JsonParseException|JsonEOFException|JsonMappingException|MismatchedInputException"
    r"|DELTA_(?:TRUNCATED|LOG_FILE|MISSING|STATE_RECOVER|VERSIONS_NOT|SCHEMA_NOT_SET|FILE_NOT)"
    r"|Unexpected end-of-input|Incomplete log file|InvalidMetadata|MALFORMED_(?:LOG|CHECKPOINT)"
    r"|Invalid Parquet file|Parquet magic bytes not found|Parquet error|Corrupt footer"
    r"|EOF while parsing|expected value at line"
    r"|Expected [\w ]+ in (?:log|metadata)|batch \d+ doesn't exist|EOFException"
)
_UNUSABLE = re.compile(
    r"Not a directory|Permission denied|Read-only file system|File name too long|Is a directory"
    r"|Operation not permitted|File exists|\[Errno 2\] No such file or directory|not a directory"
)
"""Messages about a path at which no folder of tables can be created."""
_FILE = re.compile(r"(?:file:)?(/[^\s:;,'\"`\])]+)")
_LONGEST = 300
_LARGEST_SHARE = 0.8
"""Share of the machine's memory to recommend at most: the process needs some beside it."""
_USED_SHARE = 0.5
"""Share of Sail's limit that the process must have used for memory to be the cause."""
_CHECKPOINTS = "/_checkpoints/"


@contextlib.contextmanager
def storage_explained(root: str) -> Iterator[None]:
    """Raise a GoldrunError for an error about plans, memory, the connection or the lake's files."""
    try:
        yield
    except ENGINE_ERRORS as error:
        known: GoldrunError | None = (
            depth_failure(error)
            or memory_failure(error)
            or connection_failure(error)
            or storage_failure(error, root)
        )
        if known is None:
            raise
        raise known from error


def depth_failure(error: BaseException) -> SettingsError | None:
    """Translate the error of a plan nested too deeply; None for any other error."""
    if not _TOO_DEEP.search(full_message(error)):
        return None
    return SettingsError(
        "an expression of the source's TOML is nested too deeply for the engine: write its longest "
        "chain of + - * or of functions in fewer parts, such as sums in brackets of a few each"
    )


def memory_failure(error: BaseException) -> ToolchainError | None:
    """Translate the error of a computation without enough memory; None for any other error."""
    message = full_message(error)
    if _POOL_IS_FULL in message:
        what, remedy = _pool_failure(line_at(message, message.index(_POOL_IS_FULL)))
    elif _HEAP_IS_FULL in message:
        what = "the memory of a JVM is not enough"
        remedy = (
            f"give it more (a local Spark: {SETTING}; a cluster or a server: its own "
            "settings of driver and executors)"
        )
    else:
        return None
    return ToolchainError(
        f"{what}. What was committed is whole: {remedy}, then run the same command again"
    )


def _pool_failure(reason: str) -> tuple[str, str]:
    """Describe the cause and the remedy of an allocation that Sail has refused.

    Sail adds up the sizes that its operators report, and some report several times their true
    size: if the process never used half of the limit, memory is not the cause.
    """
    limit, peak = pool_memory(), peak_memory()
    if peak < in_bytes(limit) * _USED_SHARE:
        what = (
            f"Sail refused an operator a part of its limit of {limit}, although the process held "
            f"{peak >> 20}m at most ({reason})"
        )
        return what, "use engine spark, whose operators go to disk, and report this as a fault"
    what = (
        f"{limit} of memory are not enough, although operators have spilled to disk what they can"
    )
    return what, _more_than(in_bytes(limit))


def _more_than(limit: int) -> str:
    """Describe the remedy if these bytes were not enough for a join, which does not spill."""
    most = int(machine_memory() * _LARGEST_SHARE)
    if limit < most:
        return f"set {SETTING} to more, such as {min(2 * limit, most) >> 20}m"
    return "use engine spark, whose joins go to disk, or a machine with more memory"


def connection_failure(error: BaseException) -> ToolchainError | None:
    """Translate the error of a lost connection to an engine's server; None for any other error.

    PySpark asks for a result again after a lost connection. Sail refuses when it has already sent
    the result.
    """
    found = _CONNECTION_LOST.search(full_message(error))
    if found is None:
        return None
    return ToolchainError(
        f"the connection to the engine's server was lost ({found.group()}). What was committed is "
        "whole: check that a server of your own still runs (one without enough memory stops), then "
        "run the same command again"
    )


def storage_failure(
    error: BaseException, root: str, folder: str | None = None
) -> StorageError | None:
    """Translate the error of a full disk or a damaged file; None for any other error.

    Args:
        error: Error of an engine or of Python.
        root: The lake.
        folder: Folder of a damaged file that the message does not name; the lake if None.
    """
    message = full_message(error)
    if found := _FULL.search(message):
        return StorageError(
            f"{root}: the disk is full ({found.group()}). What was committed is whole: make room, "
            "then run the same command again"
        )
    if found := _DAMAGED.search(message):
        return _damage(message, found.start(), root, folder or root)
    if (found := _UNUSABLE.search(message)) and root in message:
        where = _file_near(message, found.start(), root) or root
        return StorageError(
            f"{root} can't be used as a lake ({where}: {found.group()}): give a folder that can be "
            "made or written with --lake, or move what is in the way"
        )
    return None


def _damage(message: str, at: int, root: str, folder: str) -> StorageError:
    """Name the damaged file and how to recover; a file without a name is one of the folder."""
    where = _file_near(message, at, root) or f"{folder}: a file of it"
    remedy = "restore the file from a copy, or the lake to an older state"
    if _CHECKPOINTS in where:
        remedy = (
            f"delete {_checkpoint_of(where)}; nothing is read twice (messages that Kafka deletes "
            "before they are read are lost, which a warning reports)"
        )
    return StorageError(
        f"{where} is missing or damaged ({line_at(message, at)}): {remedy}, then run "
        "the same command again"
    )


def full_message(error: BaseException) -> str:
    """Join the texts of an error and of its causes, with the stack trace of Spark's errors."""
    texts: list[str] = []
    one: BaseException | None = error
    while one is not None:
        texts.append(str(one))
        if isinstance(one, CapturedException):
            texts.append(str(getattr(one, "_stackTrace", "")))
        one = one.__cause__
    return "\n".join(texts)


def _file_near(message: str, at: int, root: str) -> str:
    """Find the first file of the lake named at or after a position, else the last before it."""
    folder = root.removeprefix("file:").removeprefix("//")
    named = [m for m in _FILE.finditer(message) if m.group(1).startswith(folder + "/")]
    later = [m.group(1) for m in named if m.end() >= at]
    earlier = [m.group(1) for m in named if m.end() < at]
    return (later or earlier[::-1] or [""])[0].rstrip(".")


def _checkpoint_of(file: str) -> str:
    """Folder of the streaming checkpoint that a file belongs to."""
    before, _, after = file.partition(_CHECKPOINTS)
    return f"{before}{_CHECKPOINTS}{re.split('[/:]', after)[0]}"


def line_at(message: str, at: int) -> str:
    """Return the line at a position of a message, or the next line that is not empty."""
    begin = message.rfind("\n", 0, at) + 1
    lines = (line.strip(" \t:") for line in message[begin:].splitlines())
    line = next((line for line in lines if line), "no reason given")
    return line.removeprefix("Caused by: ").rstrip(".")[:_LONGEST]
