"""A lake through a real Spark Connect server, which has Delta and no plugin for it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.errors import ContractError, SettingsError, ToolchainError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.connect.engine import ConnectEngine
from tests.connect_server import connect_server, free_port

pytestmark = [pytest.mark.slow, pytest.mark.of_spark]

THINGS = Table(
    name="gold/things",
    grain="one thing at a time",
    key=("name", "day", "at"),
    clustered_by=("day",),
    change_feed=True,
    columns=(
        Column("name", T.StringType(), "Its name."),
        Column("day", T.DateType(), "The day."),
        Column("at", T.TimestampType(), "The time."),
        Column("said", T.StringType(), "What of it.", required=True),
    ),
)
HARD = 'it\'s a \\ "name" `too`'
DAY, AT = date(2011, 12, 9), datetime(2011, 12, 9, 12, 50, 0, 123456, UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with connect_server(tmp_path_factory.mktemp("connect")) as address:
        yield address


@pytest.fixture(scope="module")
def remote(server: str) -> Iterator[Engine]:
    with open_engine(ConnectEngine, remote=server) as engine:
        yield engine


@pytest.fixture
def things(remote: Engine, tmp_path: Path) -> Lake:
    lake = Lake(remote, str(tmp_path / "it`s a läke"))
    lake.upsert(THINGS, lake.frame(THINGS, [(HARD, DAY, AT, "one"), ("b", DAY, AT, "two")]))
    return lake


def said(lake: Lake) -> dict[str, str]:
    return {row["name"]: row["said"] for row in lake.read(THINGS.name).collect()}


def test_rows_are_inserted_and_updated_by_key_whatever_is_in_it(things: Lake) -> None:
    rows = [(HARD, DAY, AT, "other"), ("c", DAY, AT, "new")]
    things.upsert(THINGS, things.frame(THINGS, rows))
    assert said(things) == {HARD: "other", "b": "two", "c": "new"}


def test_a_part_is_replaced_and_other_rows_are_deleted(things: Lake) -> None:
    assert things.replace_rows(
        THINGS, things.frame(THINGS, [("b", DAY, AT, "two")]), things.read(THINGS.name)
    )
    assert said(things) == {"b": "two"}


def test_a_table_is_replaced_removed_from_compacted_and_followed(things: Lake) -> None:
    before = things.version(THINGS.name)
    assert things.replace(THINGS, things.frame(THINGS, [("x", DAY, AT, "1"), ("y", DAY, AT, "2")]))
    assert not things.replace(
        THINGS, things.frame(THINGS, [("y", DAY, AT, "2"), ("x", DAY, AT, "1")])
    )
    assert things.delete_rows(
        THINGS.name, things.read(THINGS.name).where("name = 'x'").select("name")
    )
    things.compact(THINGS)
    assert said(things) == {"y": "2"}
    assert things.has_change_feed(THINGS.name)
    kinds = {row["_change_type"] for row in things.read_changes(THINGS.name, before).collect()}
    assert kinds == {"insert", "delete"}


def test_a_folder_that_is_no_table_and_none_at_all_are_not_there(
    remote: Engine, tmp_path: Path
) -> None:
    (tmp_path / "gold" / "empty" / "_delta_log").mkdir(parents=True)
    lake = Lake(remote, str(tmp_path))
    assert not lake.exists("gold/empty")
    assert not lake.exists("gold/nothing")


def test_what_breaks_the_contract_is_refused(things: Lake) -> None:
    rows = things.frame(THINGS, [("z", DAY, AT, "-")])
    with pytest.raises(ContractError, match="said"):
        things.append(THINGS, rows.selectExpr("name", "day", "at", "nullif(said, '-') AS said"))
    assert set(said(things)) == {HARD, "b"}


def test_no_server_named_or_none_that_answers_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GOLDRUN_REMOTE", raising=False)
    with pytest.raises(SettingsError, match="give --remote=sc://host:15002"):
        open_engine(ConnectEngine).__enter__()
    for nonsense in ("sc://", "sc://host:abc", "host:15002", "spark://host:7077"):
        with pytest.raises(SettingsError, match=f"needs a server, not '{nonsense}'"):
            open_engine(ConnectEngine, remote=nonsense).__enter__()
    nobody = f"sc://127.0.0.1:{free_port()}"
    with pytest.raises(ToolchainError, match=f"{nobody}/ does not answer") as told:
        open_engine(ConnectEngine, remote=f"{nobody}/;token=secret").__enter__()
    assert "secret" not in str(told.value)


def test_a_server_without_delta_is_told_so(tmp_path: Path) -> None:
    with (
        connect_server(tmp_path, with_delta=False) as address,
        pytest.raises(ToolchainError, match="has no Delta Lake"),
        open_engine(ConnectEngine, remote=address),
    ):
        pytest.fail("opened")
