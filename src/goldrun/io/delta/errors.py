"""What an engine says when the lake's storage fails, told as an error that a user can act on."""

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

_RAISED = (PySparkException, Py4JJavaError, DeltaError, OSError, DecodeError, pa.ArrowException)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large")
_POOL_IS_FULL = "for the total memory pool"
_HEAP_IS_FULL = "OutOfMemoryError"
_TOO_DEEP = re.compile("Exceeded upb_DecodeOptions_MaxDepth|StackOverflowError")
"""What is said of a plan that is nested deeper than an engine or its protocol allows."""
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
"""What is said of a path at which no folder of tables can be."""
_FILE = re.compile(r"(?:file:)?(/[^\s:;,'\"`\])]+)")
_LONGEST = 300
_LEFT_TO_SAIL = 0.8
"""Share of the machine that its computations may be given: the process has more beside them."""
_FRACTION = 0.5
"""Share of Sail's limit that the process must have held for memory to be what was missing."""
_CHECKPOINTS = "/_checkpoints/"


@contextlib.contextmanager
def storage_explained(root: str) -> Iterator[None]:
    """Raise one of our errors instead of what is said of the lake's disk or files, or of memory."""
    try:
        yield
    except _RAISED as error:
        known: GoldrunError | None = (
            depth_failure(error) or memory_failure(error) or storage_failure(error, root)
        )
        if known is None:
            raise
        raise known from error


def depth_failure(error: BaseException) -> SettingsError | None:
    """Recognise an expression that is nested too deeply for an engine; None for another error."""
    if not _TOO_DEEP.search(everything_said(error)):
        return None
    return SettingsError(
        "an expression of the source's TOML is nested too deeply for the engine: write its longest "
        "chain of + - * or of functions in fewer parts, such as sums in brackets of a few each"
    )


def memory_failure(error: BaseException) -> ToolchainError | None:
    """Recognise that a computation needed more memory than it may have; None for another error."""
    said = everything_said(error)
    if _POOL_IS_FULL in said:
        what, remedy = _pool_failure(line_at(said, said.index(_POOL_IS_FULL)))
    elif _HEAP_IS_FULL in said:
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
    """What happened and how to go on where Sail refused to go beyond its limit.

    Sail adds up what its operators say they hold, and some say several times as much as they do:
    where the process never held half of the limit, more memory is not what was missing.
    """
    limit, peak = pool_memory(), peak_memory()
    if peak < in_bytes(limit) * _FRACTION:
        what = (
            f"Sail refused an operator a part of its limit of {limit}, although the process held "
            f"{peak >> 20}m at most ({reason})"
        )
        return what, "use engine spark, whose operators go to disk, and report this as a fault"
    what = f"{limit} of memory are not enough, though all was put on disk that can be"
    return what, _more_than(in_bytes(limit))


def _more_than(held: int) -> str:
    """How to go on where so many bytes were not enough for a join, which Sail has in memory."""
    most = int(machine_memory() * _LEFT_TO_SAIL)
    if held < most:
        return f"set {SETTING} to more, such as {min(2 * held, most) >> 20}m"
    return "use engine spark, whose joins go to disk, or a machine with more memory"


def storage_failure(
    error: BaseException, root: str, folder: str | None = None
) -> StorageError | None:
    """Recognise a full disk or a damaged file behind an error; None for any other error.

    Args:
        error: What was raised, by an engine or by Python.
        root: The lake.
        folder: Where a damaged file is that the error does not name; anywhere in the lake if None.
    """
    said = everything_said(error)
    if found := _FULL.search(said):
        return StorageError(
            f"{root}: the disk is full ({found.group()}). What was committed is whole: make room, "
            "then run the same command again"
        )
    if found := _DAMAGED.search(said):
        where = _file_near(said, found.start(), root) or f"{folder or root}: a file of it"
        remedy = "restore the file from a copy, or the lake to an older state"
        if _CHECKPOINTS in where:
            remedy = (
                f"delete {_checkpoint_of(where)}; nothing is taken twice (of messages that Kafka "
                "deletes before they are read only a warning will tell)"
            )
        return StorageError(
            f"{where} is missing or damaged ({line_at(said, found.start())}): {remedy}, then run "
            "the same command again"
        )
    if (found := _UNUSABLE.search(said)) and root in said:
        where = _file_near(said, found.start(), root) or root
        return StorageError(
            f"{root} can't be used as a lake ({where}: {found.group()}): give a folder that can be "
            "made or written with --lake, or move what is in the way"
        )
    return None


def everything_said(error: BaseException) -> str:
    """The error's text with those of its causes, in Python and in the JVM."""
    texts: list[str] = []
    one: BaseException | None = error
    while one is not None:
        texts.append(str(one))
        if isinstance(one, CapturedException):
            texts.append(str(getattr(one, "_stackTrace", "")))
        one = one.__cause__
    return "\n".join(texts)


def _file_near(said: str, at: int, root: str) -> str:
    """The file of the lake that is named first at or after the place, else before it, or none."""
    folder = root.removeprefix("file:").removeprefix("//")
    named = [m for m in _FILE.finditer(said) if m.group(1).startswith(folder + "/")]
    later = [m.group(1) for m in named if m.end() >= at]
    earlier = [m.group(1) for m in named if m.end() < at]
    return (later or earlier[::-1] or [""])[0].rstrip(".")


def _checkpoint_of(file: str) -> str:
    """The folder of the checkpoint that a file belongs to."""
    before, _, after = file.partition(_CHECKPOINTS)
    return f"{before}{_CHECKPOINTS}{re.split('[/:]', after)[0]}"


def line_at(said: str, at: int) -> str:
    """The line of a place in what was said, or the first one after it that says something."""
    begin = said.rfind("\n", 0, at) + 1
    lines = (line.strip(" \t:") for line in said[begin:].splitlines())
    line = next((line for line in lines if line), "no reason given")
    return line.removeprefix("Caused by: ").rstrip(".")[:_LONGEST]
