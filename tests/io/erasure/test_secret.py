"""The erasure key is created once, readable by its owner only, and never replaced silently."""

import hashlib
import hmac
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts.erasure import INNER_PAD, KEY_ID, OUTER_PAD
from goldrun.errors import SettingsError
from goldrun.io.erasure import secret
from goldrun.io.erasure.secret import VARIABLE, key_file, key_for, key_id

GIVEN = "a key from the environment, long enough"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "project_root", lambda: tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def none_yet(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([], f"{KEY_ID} string")


def made_with(spark: SparkSession, key: bytes) -> DataFrame:
    return spark.createDataFrame([(key_id(key),)], f"{KEY_ID} string")


def test_the_first_use_creates_a_file_for_its_owner_only(none_yet: DataFrame) -> None:
    first = key_for(none_yet).collect()
    assert key_file().stat().st_mode & 0o777 == 0o600
    assert key_file().parent.stat().st_mode & 0o777 == 0o700
    assert len(bytes.fromhex(key_file().read_text())) == 32
    assert [file.name for file in key_file().parent.iterdir()] == ["erasure.key"]
    assert key_for(none_yet).collect() == first


def test_the_environment_wins_over_the_file(
    none_yet: DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, GIVEN)
    (row,) = key_for(none_yet).collect()
    assert not key_file().exists()
    inner = hashlib.sha256(bytes(row[INNER_PAD]) + b"C1").digest()
    outer = hashlib.sha256(bytes(row[OUTER_PAD]) + inner).hexdigest()
    assert outer == hmac.new(GIVEN.encode(), b"C1", hashlib.sha256).hexdigest()


def test_a_lost_or_different_key_is_an_error_and_is_not_replaced(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    tombstones = made_with(spark, b"the first key")
    with pytest.raises(SettingsError, match=r"is missing: set GOLDRUN_ERASURE_KEY or restore"):
        key_for(tombstones)
    assert not key_file().exists()
    monkeypatch.setenv(VARIABLE, GIVEN)
    with pytest.raises(SettingsError, match="is not the key of the earlier erasures") as exc_info:
        key_for(tombstones)
    assert GIVEN not in str(exc_info.value)
    assert key_for(made_with(spark, GIVEN.encode())).count() == 1


def test_a_short_or_readable_key_is_refused(
    none_yet: DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_for(none_yet)
    key_file().chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        key_for(none_yet)
    key_file().chmod(0o600)
    key_file().write_text("short")
    with pytest.raises(SettingsError, match="fewer than 32 characters: restore it"):
        key_for(none_yet)
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(SettingsError, match="fewer than 32 characters: use more"):
        key_for(none_yet)
