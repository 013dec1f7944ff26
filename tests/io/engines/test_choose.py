"""The engine of a batch: the named one, else by server, master and lake."""

import json
from pathlib import Path

import pytest

from goldrun.errors import SettingsError
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.engines.connect.engine import ConnectEngine
from goldrun.io.engines.registry import engine_named
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.engines.spark.engine import SparkEngine


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOLDRUN_ENGINE", "GOLDRUN_MASTER", "GOLDRUN_REMOTE", "PYSPARK_GATEWAY_PORT"):
        monkeypatch.delenv(name, raising=False)


def table(lake: Path, *features: str, configuration: dict[str, str] | None = None) -> Path:
    """Write the log of a table that requires these features of its writers."""
    log = lake / "silver" / "prices" / "_delta_log"
    log.mkdir(parents=True)
    protocol = {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": list(features)}
    if configuration:
        # The protocol before named features.
        protocol = {"minReaderVersion": 1, "minWriterVersion": 3}
    price = {"name": "price", "type": "long", "nullable": True, "metadata": {}}
    schema = {"type": "struct", "fields": [price]}
    metadata = {
        "id": "an id",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps(schema),
        "partitionColumns": [],
        "configuration": configuration or {},
    }
    lines = [json.dumps({"protocol": protocol}), json.dumps({"metaData": metadata})]
    (log / f"{0:020}.json").write_text("\n".join(lines) + "\n")
    return lake


def test_a_new_lake_is_for_sail(tmp_path: Path) -> None:
    assert engine_for(str(tmp_path / "lake")) is SailEngine
    assert engine_for(str(table(tmp_path / "other", "appendOnly"))) is SailEngine


def test_a_master_or_a_lake_that_is_no_folder_is_for_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine_for(str(tmp_path), master="spark://host:7077") is SparkEngine
    assert engine_for("s3a://shop/lake") is SparkEngine
    monkeypatch.setenv("GOLDRUN_MASTER", "spark://host:7077")
    assert engine_for(str(tmp_path)) is SparkEngine


def test_the_option_wins_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDRUN_ENGINE", "spark")
    assert engine_for(str(tmp_path)) is SparkEngine
    assert engine_for(str(tmp_path), "sail") is SailEngine
    assert engine_named("") is SparkEngine


def test_an_unknown_engine_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError, match=r"engine 'sial' \(did you mean 'sail'\?\)"):
        engine_named("sial")


def test_a_lake_with_features_of_spark_only_stays_with_spark(tmp_path: Path) -> None:
    lake = table(tmp_path / "lake", "clustering", "domainMetadata")
    assert engine_for(str(lake)) is SparkEngine
    with pytest.raises(SettingsError, match="Spark has made silver/prices"):
        engine_for(str(lake), "sail")


def test_a_lake_with_a_constraint_stays_with_spark(
    tmp_path: Path,
) -> None:
    lake = table(tmp_path / "lake", configuration={"delta.constraints.positive": "price > 0"})
    assert engine_for(str(lake)) is SparkEngine
    plain = table(tmp_path / "plain", configuration={"delta.appendOnly": "false"})
    assert engine_for(str(plain)) is SailEngine


def test_sail_refuses_a_lake_that_is_not_a_folder() -> None:
    with pytest.raises(SettingsError, match="s3a://shop/lake is no folder"):
        engine_for("s3a://shop/lake", "sail")


def test_a_named_server_is_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert engine_for(str(tmp_path), remote="sc://host:15002") is ConnectEngine
    monkeypatch.setenv("GOLDRUN_REMOTE", "sc://host:15002")
    assert engine_for("s3a://shop/lake") is ConnectEngine
    assert engine_for(str(tmp_path), "sail") is SailEngine
    # The command line wins over the environment.
    assert engine_for(str(tmp_path), master="spark://host:7077") is SparkEngine


@pytest.mark.parametrize("engine", [SailEngine, SparkEngine])
def test_an_engine_other_than_connect_is_refused_with_a_server(engine: type[Engine]) -> None:
    with pytest.raises(SettingsError, match="use engine connect"):
        open_engine(engine, remote="sc://host:15002").__enter__()
