"""Traces of a person are found in every kind of file, without false matches."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldrun.contracts.erasure import Term
from goldrun.io.erasure.traces import find_traces

pytestmark = pytest.mark.of_spark

ID = Term("customer_id", "c-77", frozenset({"customer_id"}))
BARE = Term("customer_id", "27", frozenset({"customer_id", "Who"}))
MAIL = Term("email", "ada@x.org", frozenset({"email"}))
PHONE = Term("phone", "+44 20 7946-0011", frozenset({"phone"}))
NAME = Term("name", "Ada  Lovelace", frozenset({"name"}))
FIRST = Term("name", "June", frozenset({"name"}))


def found(folder: Path, *terms: Term) -> set[tuple[str, str, str]]:
    return {(Path(t.file).name, t.column, t.kind) for t in find_traces([folder], terms)}


@pytest.mark.parametrize(
    ("term", "there", "not_there"),
    [
        (ID, ["c-77", "(c-77)", "of c-77.", "id=c-77,"], ["c-777", "xc-77", "C-77", "c-77-1"]),
        (MAIL, ["ada@x.org", "<ADA@X.ORG>", "to ada@x.org."], ["jo.ada@x.org", "ada@x.org.uk"]),
        (PHONE, ["+442079460011", "44 20 7946 0011", "+44 (20) 79460011"], ["4420794600112"]),
        (NAME, ["ada lovelace", "Dr. Ada Lovelace!"], ["Ada Lovelaces", "AdaLovelace", "Ada"]),
    ],
    ids=["id", "email", "phone", "name"],
)
def test_an_identifying_term_matches_a_token_of_any_text(
    tmp_path: Path, term: Term, there: list[str], not_there: list[str]
) -> None:
    for number, text in enumerate([*there, *not_there]):
        (tmp_path / f"{number:02}.log").write_text(f"at noon\n{text}\n")
    assert found(tmp_path, term) == {(f"{n:02}.log", "", term.kind) for n in range(len(there))}


def test_another_term_matches_in_its_columns_only(tmp_path: Path) -> None:
    rows = {"customer_id": ["27"], "quantity": ["27"], "name": ["june"], "month": ["June"]}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    assert found(tmp_path, BARE, FIRST) == {
        ("a.parquet", "customer_id", "customer_id"),
        ("a.parquet", "name", "name"),
    }


def test_nested_values_of_parquet_are_searched(tmp_path: Path) -> None:
    deep: dict[str, tuple[Any, pa.DataType]] = {
        "text": ("c-77", pa.string()),
        "map": ([("Who", "27"), ("Note", "ada@x.org")], pa.map_(pa.string(), pa.string())),
        "list": (["x", "c-77"], pa.list_(pa.string())),
        "struct": ({"minValues": {"customer_id": "27"}}, None),
        "json": (json.dumps({"Who": "27", "Qty": "1"}), pa.string()),
        "bytes": (b"c-77", pa.binary()),
        "dictionary": ("c-77", pa.dictionary(pa.int8(), pa.string())),
        "innocent": (27, pa.int64()),
        "nothing": (None, pa.string()),
    }
    for name, (value, kind) in deep.items():
        column = pa.array([value], kind) if kind else pa.array([value])
        pq.write_table(pa.table({name: column}), tmp_path / f"{name}.parquet", compression="zstd")
    assert found(tmp_path, ID, BARE, MAIL) == {
        ("text.parquet", "text", "customer_id"),
        ("map.parquet", "Who", "customer_id"),
        ("map.parquet", "Note", "email"),
        ("list.parquet", "list", "customer_id"),
        ("struct.parquet", "customer_id", "customer_id"),
        ("json.parquet", "Who", "customer_id"),
        ("bytes.parquet", "bytes", "customer_id"),
        ("dictionary.parquet", "dictionary", "customer_id"),
    }


def test_statistics_in_a_log_are_decoded_and_counts_are_not_ids(tmp_path: Path) -> None:
    statistics = {"numRecords": 27, "minValues": {"customer_id": "27", "quantity": "27"}}
    add = {"add": {"path": "x.parquet", "stats": json.dumps(statistics)}}
    commit = {
        "commitInfo": {"operationMetrics": {"numFiles": "27"}, "predicate": "[\"x = 'c-77'\"]"}
    }
    lines = "\n".join(json.dumps(line) for line in (commit, add)) + "\n"
    for name in ("00000000000000000000.json", "00000000000000000000.crc"):
        (tmp_path / name).write_text(lines)
    by_column = {(column, kind) for _, column, kind in found(tmp_path, ID, BARE)}
    assert by_column == {("customer_id", "customer_id"), ("predicate", "customer_id")}


def test_compressed_text_is_searched_and_a_damaged_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "old.log.gz").write_bytes(gzip.compress(b"x\nada@x.org\n"))
    (tmp_path / "cut.log.gz").write_bytes(gzip.compress(b"x" * 1000)[:-9])
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "odd.json").write_text("{ no JSON, but ada@x.org\n[1, 2\n")
    (tmp_path / "odd.bin").write_bytes(bytes(range(256)) * 9)
    traces = found(tmp_path, MAIL)
    assert {name for name, _, kind in traces if kind == "email"} == {"old.log.gz", "odd.json"}
    damaged = {name for name, _, kind in traces if kind.startswith("could not be decoded")}
    assert damaged == {"cut.log.gz", "cut.parquet"}


def test_a_missing_folder_has_no_traces(tmp_path: Path) -> None:
    assert find_traces([tmp_path / "logs"], [ID]) == []
