"""The key that tombstones are made with: kept outside the lake, and never written to a log."""

import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from goldrun.contracts.erasure import INNER_PAD, KEY_ID, OUTER_PAD
from goldrun.errors import SettingsError
from goldrun.io.settings import project_root

VARIABLE = "GOLDRUN_ERASURE_KEY"
_SHORTEST = 32
_BLOCK = 64
_NAMED_BY = b"goldrun erasure key"
_FRAME = T.StructType(
    [
        T.StructField(KEY_ID, T.StringType(), nullable=False),
        T.StructField(INNER_PAD, T.BinaryType(), nullable=False),
        T.StructField(OUTER_PAD, T.BinaryType(), nullable=False),
    ]
)


def key_file() -> Path:
    """Where the key is when the environment does not give it."""
    return project_root() / ".goldrun" / "erasure.key"


def key_for(tombstones: DataFrame) -> DataFrame:
    """Return the key that fits the tombstones there are; make one when there are none.

    Args:
        tombstones: Rows of ``ops/tombstones``.

    Returns:
        One row: ``key_id``, and the key as ``inner_pad`` and ``outer_pad``. A frame, because its
        rows are not shown in Spark's plans, as a literal's value would be.

    Raises:
        SettingsError: The key is missing or unsafe, or another key made the tombstones: erased
            people would be taken in again.
    """
    known = {row[0] for row in tombstones.select(KEY_ID).distinct().collect()}
    key = _read_key(may_make=not known)
    if others := known - {key_id(key)}:
        raise SettingsError(
            f"the erasure key ({key_id(key)}) is not the one that people were erased with "
            f"({', '.join(sorted(others))}): set {VARIABLE} or restore {key_file()}"
        )
    return _as_frame(tombstones.sparkSession, key)


def key_id(key: bytes) -> str:
    """Name of a key that does not give it away: 16 hex digits."""
    return hmac.new(key, _NAMED_BY, hashlib.sha256).hexdigest()[:16]


def _as_frame(spark: SparkSession, key: bytes) -> DataFrame:
    block = hashlib.sha256(key).digest() if len(key) > _BLOCK else key
    block = block.ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    row = pd.DataFrame([(key_id(key), inner, outer)], columns=_FRAME.names)
    return spark.createDataFrame(row, _FRAME)


def _read_key(*, may_make: bool) -> bytes:
    if given := os.environ.get(VARIABLE):
        if len(given) < _SHORTEST:
            raise SettingsError(f"{VARIABLE} has fewer than {_SHORTEST} characters: take more")
        return given.encode()
    file = key_file()
    if not file.exists():
        if not may_make:
            raise SettingsError(
                f"the key that people were erased with is missing: set {VARIABLE} or restore {file}"
            )
        _make(file)
    if file.stat().st_mode & 0o077:
        raise SettingsError(f"{file} can be read by others: chmod 600 {file}")
    key = file.read_text(encoding="ascii").strip()
    if len(key) < _SHORTEST:
        raise SettingsError(f"{file} has fewer than {_SHORTEST} characters: restore it")
    return key.encode()


def _make(file: Path) -> None:
    """Write a new key with mode 0600: whole or not at all, and never over another one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")
    try:
        os.link(written, file)
    except FileExistsError:
        # Another process was quicker; its key is the one.
        return
    finally:
        os.unlink(written)
