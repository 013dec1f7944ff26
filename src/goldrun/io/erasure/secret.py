"""The secret key of the tombstones, which is stored outside the lake and never logged."""

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
_LEAST_LENGTH = 32
_BLOCK = 64
_KEY_ID_MESSAGE = b"goldrun erasure key"
_FRAME = T.StructType(
    [
        T.StructField(KEY_ID, T.StringType(), nullable=False),
        T.StructField(INNER_PAD, T.BinaryType(), nullable=False),
        T.StructField(OUTER_PAD, T.BinaryType(), nullable=False),
    ]
)


def key_file() -> Path:
    """Return the file of the key, which is read if the environment does not declare the key."""
    return project_root() / ".goldrun" / "erasure.key"


def key_for(tombstones: DataFrame) -> DataFrame:
    """Return the key of the stored tombstones; create a key if there are no tombstones.

    Args:
        tombstones: Rows of ``ops/tombstones``.

    Returns:
        One row: ``key_id``, and the key as ``inner_pad`` and ``outer_pad``. It is a frame, because
        Spark's plans show the values of literals but not the rows of a frame.

    Raises:
        SettingsError: The key is missing or readable by others, or the tombstones were created
            with another key: new records of erased persons would be ingested.
    """
    known = {row[0] for row in tombstones.select(KEY_ID).distinct().collect()}
    key = _read_key(create=not known)
    if others := known - {key_id(key)}:
        raise SettingsError(
            f"the erasure key ({key_id(key)}) is not the key of the earlier erasures "
            f"({', '.join(sorted(others))}): set {VARIABLE} or restore {key_file()}"
        )
    return _as_frame(tombstones.sparkSession, key)


def key_id(key: bytes) -> str:
    """Return the public id of a key, 16 hex digits; the key can't be computed from it."""
    return hmac.new(key, _KEY_ID_MESSAGE, hashlib.sha256).hexdigest()[:16]


def _as_frame(spark: SparkSession, key: bytes) -> DataFrame:
    block = hashlib.sha256(key).digest() if len(key) > _BLOCK else key
    block = block.ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    row = pd.DataFrame([(key_id(key), inner, outer)], columns=_FRAME.names)
    return spark.createDataFrame(row, _FRAME)


def _read_key(*, create: bool) -> bytes:
    if declared := os.environ.get(VARIABLE):
        if len(declared) < _LEAST_LENGTH:
            raise SettingsError(f"{VARIABLE} has fewer than {_LEAST_LENGTH} characters: use more")
        return declared.encode()
    if not key_file().exists():
        if not create:
            raise SettingsError(
                f"the key of the earlier erasures is missing: set {VARIABLE} or restore "
                f"{key_file()}"
            )
        _create(key_file())
    return _read_file(key_file())


def _read_file(file: Path) -> bytes:
    if file.stat().st_mode & 0o077:
        raise SettingsError(f"{file} can be read by others: chmod 600 {file}")
    key = file.read_text(encoding="ascii").strip()
    if len(key) < _LEAST_LENGTH:
        raise SettingsError(f"{file} has fewer than {_LEAST_LENGTH} characters: restore it")
    return key.encode()


def _create(file: Path) -> None:
    """Write a new key with mode 0600, atomically and without overwriting an existing file."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")
    try:
        os.link(written, file)
    except FileExistsError:
        # Another process has created the file since; its key is used.
        return
    finally:
        os.unlink(written)
