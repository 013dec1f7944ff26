"""The contract of every engine of the registry, and the capabilities that each declares."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.table import Column, Table
from goldrun.errors import ChangesLostError, ContractError, MissingTableError, SettingsError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Capabilities, Engine
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.engines.registry import ENGINES, require
from goldrun.io.erasure.purge import leftovers, purge
from goldrun.io.sources.csv_files import read_header
from goldrun.io.sources.parts import Part
from tests import foreign
from tests.connect_server import connect_server
from tests.engines import ENGINE

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
        Column("note", T.StringType(), "A note.", required=True),
    ),
)
HARD = 'it\'s a \\ "name" `too`'
DAY, AT = date(2011, 12, 9), datetime(2011, 12, 9, 12, 50, 0, 123456, UTC)
CSV = EntityMapping(path="x.csv")


def _cases() -> Iterator[object]:
    for engine in ENGINES.values():
        marks = [pytest.mark.of_spark] if _is_of_spark(engine) else []
        slow = [pytest.mark.slow] if engine.capabilities.servers else []
        yield pytest.param(engine, id=engine.name, marks=[*marks, *slow])


def _is_of_spark(engine: type[Engine]) -> bool:
    return engine.capabilities.masters or engine.capabilities.servers


@pytest.fixture(scope="module", params=_cases())
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    kind: type[Engine] = request.param
    if kind is ENGINE:
        yield request.getfixturevalue("engine")
    elif kind.capabilities.servers:
        with (
            connect_server(tmp_path_factory.mktemp("server")) as address,
            open_engine(kind, remote=address) as engine,
        ):
            yield engine
    elif kind.capabilities.masters or ENGINE.capabilities.masters:
        pytest.skip(f"Spark's own session needs a process of its own: GOLDRUN_ENGINE={kind.name}")
    else:
        with open_engine(kind) as engine:
            yield engine


@pytest.fixture
def things(opened: Engine, tmp_path: Path) -> Lake:
    lake = Lake(opened, str(tmp_path / "it`s a läke"))
    lake.upsert(THINGS, lake.frame(THINGS, [(HARD, DAY, AT, "one"), ("b", DAY, AT, "two")]))
    return lake


def notes(lake: Lake, version: int | None = None) -> dict[str, str]:
    return {row["name"]: row["note"] for row in lake.read(THINGS.name, version).collect()}


def test_stored_values_and_types_are_those_of_the_contract(things: Lake) -> None:
    rows = things.read(THINGS.name)
    assert rows.schema.simpleString() == THINGS.schema.simpleString()
    (row,) = rows.where("name = 'b'").collect()
    assert (row["day"], row["at"].astimezone(UTC)) == (DAY, AT)
    assert things.version(THINGS.name) == 1


def test_rows_are_inserted_and_updated_by_key(things: Lake) -> None:
    rows = [(HARD, DAY, AT, "other"), ("c", DAY, AT, "new")]
    things.upsert(THINGS, things.frame(THINGS, rows))
    assert notes(things) == {HARD: "other", "b": "two", "c": "new"}


def test_a_part_is_replaced_and_other_rows_are_deleted(things: Lake) -> None:
    same = things.frame(THINGS, [("b", DAY, AT, "two")])
    assert things.replace_rows(THINGS, same, things.read(THINGS.name))
    assert notes(things) == {"b": "two"}
    assert not things.replace_rows(THINGS, same, things.read(THINGS.name))


def test_a_table_is_replaced_once_and_its_old_versions_stay_readable(things: Lake) -> None:
    before = things.version(THINGS.name)
    assert things.replace(THINGS, things.frame(THINGS, [("x", DAY, AT, "1"), ("y", DAY, AT, "2")]))
    again = things.frame(THINGS, [("y", DAY, AT, "2"), ("x", DAY, AT, "1")])
    assert not things.replace(THINGS, again)
    assert things.version(THINGS.name) == before + 1
    assert notes(things) == {"x": "1", "y": "2"}
    assert notes(things, before) == {HARD: "one", "b": "two"}


def test_a_part_by_a_condition_is_replaced_in_several_frames(things: Lake) -> None:
    parts = [things.frame(THINGS, [(name, DAY, AT, name)]) for name in ("p", "q")]
    assert things.replace(THINGS, parts, where="day = DATE '2011-12-09'")
    assert notes(things) == {"p": "p", "q": "q"}


def test_rows_are_deleted_by_some_of_their_columns(things: Lake) -> None:
    hard = things.read(THINGS.name).where("note = 'one'").select("name")
    assert things.delete_rows(THINGS.name, hard)
    assert notes(things) == {"b": "two"}
    version = things.version(THINGS.name)
    nobody = things.session.createDataFrame([("nobody",)], "name string")
    assert not things.delete_rows(THINGS.name, nobody)
    assert things.version(THINGS.name) == version


def test_compaction_keeps_the_rows_in_one_file(things: Lake) -> None:
    for name in ("c", "d"):
        things.append(THINGS, things.frame(THINGS, [(name, DAY, AT, name)]))
    things.compact(THINGS)
    assert notes(things) == {HARD: "one", "b": "two", "c": "c", "d": "d"}
    assert len(DeltaTable(things.path(THINGS.name)).file_uris()) == 1


def test_changes_by_goldrun_are_its_own_and_a_change_by_others_is_named(things: Lake) -> None:
    name = THINGS.name
    one, other = ("b", DAY, AT, "1"), ("c", DAY, AT, "2")
    things.append(THINGS, things.frame(THINGS, [other]))
    things.upsert(THINGS, things.frame(THINGS, [one, other]))
    things.replace_rows(THINGS, things.frame(THINGS, [one]), things.read(name))
    things.replace(THINGS, things.frame(THINGS, [one]), where="day = DATE '2011-12-09'")
    things.replace(THINGS, things.frame(THINGS, [one, other]), note={"key": "value"})
    things.delete_rows(name, things.read(name).where("name = 'c'").select("name"))
    things.add_columns(THINGS, [Column("more", T.StringType(), "More.")])
    things.compact(THINGS)
    left = things.version(name)
    assert things.change_by_others(name, 0) == ""
    foreign.compact_and_vacuum(things, name)
    assert things.change_by_others(name, left) == ""
    foreign.delete(things, name, "name = 'b'")
    found = things.change_by_others(name, left)
    assert "(DELETE) is not goldrun's" in found
    assert things.change_by_others(name, things.version(name)) == ""
    assert "an older copy" in things.change_by_others(name, things.version(name) + 1)


def test_changes_whose_files_are_removed_are_named(things: Lake) -> None:
    since = things.version(THINGS.name)
    things.upsert(THINGS, things.frame(THINGS, [("c", DAY, AT, "3")]))
    things.upsert(THINGS, things.frame(THINGS, [("c", DAY, AT, "4")]))
    found = things.read_changed(THINGS.name, since, ["name"])
    assert [row["name"] for row in found.collect()] == ["c"]
    foreign.compact_and_vacuum(things, THINGS.name)
    with pytest.raises(ChangesLostError, match="rebuild=true"):
        things.read_changed(THINGS.name, since, ["name"])


def test_the_change_feed_has_rows_before_and_after_each_change(things: Lake) -> None:
    before = things.version(THINGS.name)
    rows = [("b", DAY, AT, "three"), ("c", DAY, AT, "four")]
    things.upsert(THINGS, things.frame(THINGS, rows))
    things.delete_rows(THINGS.name, things.read(THINGS.name).where("note = 'one'").select("name"))
    things.compact(THINGS)
    changes = things.read_changes(THINGS.name, before).collect()
    assert {(row["_change_type"], row["name"], row["note"]) for row in changes} == {
        ("update_preimage", "b", "two"),
        ("update_postimage", "b", "three"),
        ("insert", "c", "four"),
        ("delete", HARD, "one"),
    }


def test_delta_refuses_to_change_rows_of_an_append_only_table(
    opened: Engine, tmp_path: Path
) -> None:
    lake, ledger = Lake(opened, str(tmp_path)), replace(THINGS, append_only=True)
    row = (HARD, DAY, AT, "first")
    lake.append(ledger, lake.frame(ledger, [row]))
    lake.append(ledger, lake.frame(ledger, [(*row[:3], "second")]))
    with pytest.raises(Exception, match=r"(?i)append"):
        lake.replace(ledger, lake.frame(ledger, [row]))
    assert lake.read(ledger.name).count() == 2


def test_the_change_feed_of_a_table_without_one_is_enabled_once(
    opened: Engine, tmp_path: Path
) -> None:
    lake, bare = Lake(opened, str(tmp_path)), replace(THINGS, change_feed=False)
    lake.upsert(bare, lake.frame(bare, [("a", DAY, AT, "1")]))
    assert not lake.has_change_feed(bare.name)
    assert lake.enable_change_feed(bare.name)
    assert lake.has_change_feed(bare.name)
    assert not lake.enable_change_feed(bare.name)
    since = lake.version(bare.name)
    lake.upsert(bare, lake.frame(bare, [("a", DAY, AT, "2")]))
    assert {row["note"] for row in lake.read_changes(bare.name, since).collect()} == {"1", "2"}


def test_an_empty_or_missing_folder_is_not_a_table(opened: Engine, tmp_path: Path) -> None:
    (tmp_path / "gold" / "empty" / "_delta_log").mkdir(parents=True)
    lake = Lake(opened, str(tmp_path))
    for name in ("gold/empty", "gold/nothing"):
        assert not lake.exists(name)
        with pytest.raises(MissingTableError, match="is not there"):
            lake.read(name)


def test_a_row_without_a_required_value_is_rejected(things: Lake) -> None:
    rows = things.frame(THINGS, [("z", DAY, AT, "-")])
    with pytest.raises(ContractError, match="note"):
        things.append(THINGS, rows.selectExpr("name", "day", "at", "nullif(note, '-') AS note"))
    assert set(notes(things)) == {HARD, "b"}


def test_a_table_has_one_identity_however_often_it_is_rewritten(things: Lake) -> None:
    before = things.origin(THINGS.name)
    things.replace(THINGS, things.frame(THINGS, [("x", DAY, AT, "1")]))
    assert Lake(things.engine, things.root).origin(THINGS.name) == before


def test_csv_is_read_as_text_with_its_place(opened: Engine, tmp_path: Path) -> None:
    texts = {"a": 'Id,A\n1,"x ""y"""\n\n2\n', "b": "A,Id\r\nz,\r\n"}
    files = {tmp_path / f"{name}.csv": name for name in texts}
    for file, text in zip(files, texts.values(), strict=True):
        file.write_text(text, newline="")
    with opened.one_file_per_task():
        headers = {file: read_header(Part(file), CSV) for file in files}
        rows = opened.read_csv(files, headers).collect()
    found = {
        (row[lineage.FINGERPRINT], row[lineage.ROW]): (row[lineage.RECORD], row[lineage.MALFORMED])
        for row in rows
    }
    assert found == {
        ("a", 0): ({"Id": "1", "A": 'x "y"'}, None),
        ("a", 1): ({}, "2"),
        ("b", 0): ({"A": "z", "Id": None}, None),
    }
    assert {Path(row[lineage.FILE]) for row in rows} == set(files)


def test_json_is_read_as_text_with_its_place(opened: Engine, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"a":1.10,"b":null,"c":[1, {"d":"x"}]}\n\n{"a":1} rubbish\n')
    with opened.one_file_per_task():
        rows = opened.read_json({file: "print"}).orderBy(lineage.ROW).collect()
    assert [(row[lineage.RECORD], row[lineage.MALFORMED]) for row in rows] == [
        ({"a": "1.10", "b": None, "c": '[1,{"d":"x"}]'}, None),
        ({}, '{"a":1} rubbish'),
    ]


@pytest.mark.parametrize("capability", asdict(Capabilities()))
def test_a_capability_that_an_engine_does_not_declare_is_refused_by_name(
    opened: Engine, capability: str
) -> None:
    if asdict(opened.capabilities)[capability]:
        require(opened, capability, "this")
        return
    with pytest.raises(SettingsError, match=f"which engine {opened.name} does not have: use"):
        require(opened, capability, "this")


def test_an_engine_with_streams_reads_one(opened: Engine) -> None:
    if not opened.capabilities.streams:
        pytest.skip("declares none")
    assert opened.session.readStream.format("rate").load().isStreaming


def test_an_engine_with_vacuum_deletes_old_versions(things: Lake) -> None:
    if not things.engine.capabilities.vacuum:
        pytest.skip("declares none")
    things.replace(THINGS, things.frame(THINGS, [("x", DAY, AT, "1")]))
    with things.writing(THINGS.name):
        purge(things, THINGS.name)
    assert leftovers(things, THINGS.name) == []
    assert notes(things) == {"x": "1"}


def test_a_table_is_clustered_where_the_engine_clusters(things: Lake) -> None:
    features = DeltaTable(things.path(THINGS.name)).protocol().writer_features or []
    assert ("clustering" in features) == things.engine.capabilities.clustering


def test_a_lake_in_an_object_store_is_for_engines_that_declare_it(opened: Engine) -> None:
    if opened.capabilities.object_stores:
        assert engine_for("s3a://shop/lake", opened.name) is type(opened)
        return
    with pytest.raises(SettingsError, match="s3a://shop/lake is no folder"):
        engine_for("s3a://shop/lake", opened.name)


def test_a_table_is_locked_where_the_engine_writes_locally(things: Lake) -> None:
    lock = Path(things.root) / "gold" / ".things.lock"
    with things.writing(THINGS.name):
        assert lock.exists() == things.engine.capabilities.writes_locally


def test_an_engine_writes_to_the_tables_that_it_creates(things: Lake) -> None:
    assert things.engine.unwritable_tables(Path(things.root)) == []
    assert engine_for(things.root, things.engine.name) is type(things.engine)
