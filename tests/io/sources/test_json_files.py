"""JSON values are kept as text exactly as written; a malformed line does not affect another."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.file_settings import FileSettings
from goldrun.errors import SourceError
from goldrun.io.engines.base import Engine
from goldrun.io.sources.json_files import inspect_json
from goldrun.io.sources.parts import Part

JSON = FileSettings(format="json")

# Lines between valid ones; None: the line is malformed.
LINES: dict[bytes, dict[str, str | None] | None] = {
    b'{"a":1.10,"b":-0,"c":1E5}': {"a": "1.10", "b": "-0", "c": "1E5"},
    b'{"a":1e400,"b":12345678901234567890.1234500}': {
        "a": "1e400",
        "b": "12345678901234567890.1234500",
    },
    b'{"a":NaN,"b":Infinity,"c":-Infinity}': {"a": "NaN", "b": "Infinity", "c": "-Infinity"},
    b'{"a":' + b"9" * 900 + b"}": {"a": "9" * 900},
    b'{"a":true,"b":false,"c":null,"d":""}': {"a": "true", "b": "false", "c": None, "d": ""},
    b'{"a":"1.10","b":"x\\ty\\u00e9\\n\\/\\ud83d\\ude00"}': {"a": "1.10", "b": "x\tyé\n/😀"},
    b'{"a":"\\\\ud800 \\u0000"}': {"a": "\\ud800 \0"},
    b'{"a":{"z":[1, 2.50,"3.0\\""],"y":NaN} , "b":[ {"q":-1.0}]}': {
        "a": '{"z":[1,2.50,"3.0\\""],"y":NaN}',
        "b": '[{"q":-1.0}]',
    },
    b'  { "a" : 1.0 }\t': {"a": "1.0"},
    b'{"a}],[{":"]}",",1.5,":":2.50,"}': {"a}],[{": "]}", ",1.5,": ":2.50,"},
    b'{"a":{"z":1,"z":2}}': {"a": '{"z":1,"z":2}'},
    b'{"":1}': {"": "1"},
    b"{}": {},
    b'{"a":"\xff\xfe","b":"\xed\xa0\x80"}': {"a": "\ufffd\ufffd", "b": "\ufffd\ufffd\ufffd"},
    b'{"a":"' + b"x" * 3_000_000 + b'"}': {"a": "x" * 3_000_000},
    b"{" + b",".join(b'"k%d":%d.0' % (n, n) for n in range(30_000)) + b"}": {
        f"k{n}": f"{n}.0" for n in range(30_000)
    },
    b'{"a":1,"b"': None,
    b'{"a":"x': None,
    b'{"a":1} rubbish': None,
    b'{"a":1}}': None,
    b'{"a":1}{"b":2}': None,
    b'{"a":1} {"b":2}': None,
    b'{"a":1},{"b":2}': None,
    b'{"a":1},{"end":"x"}]': None,
    b'{"a":1}],[{"b":1}': None,
    b'{"a":1}] rubbish': None,
    b'[{"a":1}]': None,
    b"[]": None,
    b"5": None,
    b"NaN": None,
    b'"x"': None,
    b"null": None,
    b"true": None,
    b'{"a":1,"a":2}': None,
    b'{"a":1,"\\u0061":1}': None,
    b"{'a':1}": None,
    b"{a:1}": None,
    b"{1:1}": None,
    b'{"a":1,}': None,
    b'{"a":01}': None,
    b'{"a":+1}': None,
    b'{"a":.5}': None,
    b'{"a":5.}': None,
    b'{"a":0x10}': None,
    b'{"a":1.2.3}': None,
    b'{"a":1.5x}': None,
    b'{"a":INF}': None,
    b'{"a":nope,"b":1.0}': None,
    b'{"a":tru1.0}': None,
    b'{"a":1/*1.0*/}': None,
    b'{"a":"x\ty"}': None,
    b'{"a":"\\q"}': None,
    b'{"a":"\\ud800"}': None,
    b'{"a":"\\udc00x"}': None,
    b'{"a":"\\ud800\\ud800\\udc00"}': None,
    b'{"a":1}\0': None,
    b'\0{"a":1}': None,
    b'\xef\xbb\xbf{"a":1}': None,
    b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}": None,
    b'{"a":' + b"9" * 2_000 + b"}": None,
    b'{"' + b"k" * 60_000 + b'":1}': None,
}


def parsed(engine: Engine, file: Path, content: bytes) -> DataFrame:
    file.write_bytes(content)
    return engine.read_json({file: f"print of {file.name}"})


def test_a_malformed_line_is_reported_and_leaves_its_neighbours_unchanged(
    engine: Engine, tmp_path: Path
) -> None:
    lines = [b'\xef\xbb\xbf{"g":0.0}']
    for number, line in enumerate(LINES, 1):
        lines += [line, b'{"g":%d.0}' % number]
    with engine.one_file_per_task():
        rows = parsed(engine, tmp_path / "x.json", b"\n".join(lines)).collect()
    by_row = {row[lineage.ROW]: row for row in rows}
    assert sorted(by_row) == list(range(len(lines)))
    for number in range(len(LINES) + 1):
        valid = by_row[2 * number]
        assert (valid[lineage.RECORD], valid[lineage.MALFORMED]) == ({"g": f"{number}.0"}, None)
    for number, (line, record) in enumerate(LINES.items()):
        row = by_row[2 * number + 1]
        malformed = line.decode() if record is None else None
        assert (row[lineage.RECORD], row[lineage.MALFORMED]) == (record or {}, malformed), line[:80]


def test_blank_lines_are_not_records(engine: Engine, tmp_path: Path) -> None:
    content = b'{"a":1}\r\n\r\n  \t\n\n{"a":2}\r\n\n'
    rows = parsed(engine, tmp_path / "x.json", content).collect()
    assert {row[lineage.ROW]: row[lineage.RECORD] for row in rows} == {0: {"a": "1"}, 1: {"a": "2"}}


class Number(str):
    """A JSON number with its original text."""

    __slots__ = ()


def written(value: object, *, ascii_only: bool = False) -> str:
    """Format a value as JSON, each number with its original text."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(written(each, ascii_only=ascii_only) for each in value) + "]"
    if isinstance(value, dict):
        pairs = (
            f"{json.dumps(key, ensure_ascii=ascii_only)}:{written(each, ascii_only=ascii_only)}"
            for key, each in value.items()
        )
        return "{" + ",".join(pairs) + "}"
    return json.dumps(value, ensure_ascii=ascii_only)


NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?", fullmatch=True
).map(Number)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.one_of(NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)


@settings(max_examples=4, deadline=None)
@given(objects=st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), min_size=5, max_size=20))
def test_text_of_a_json_writer_is_read_back(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    objects: list[dict[str, object]],
) -> None:
    lines = [written(each, ascii_only=bool(n % 2)) for n, each in enumerate(objects)]
    file = tmp_path_factory.mktemp("json") / "x.json"
    rows = parsed(engine, file, "\n".join(lines).encode()).orderBy(lineage.ROW).collect()
    assert [row[lineage.MALFORMED] for row in rows] == [None] * len(lines)
    for row, sent in zip(rows, objects, strict=True):
        record = row[lineage.RECORD]
        assert set(record) == set(sent)
        for key, value in sent.items():
            if isinstance(value, str):
                assert record[key] == value
            else:
                nested = json.loads(record[key], parse_int=Number, parse_float=Number)
                assert written(nested) == written(value)


def test_the_keys_of_a_file_are_those_of_its_first_thousand_lines(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    head = [b'\xef\xbb\xbf{"a":1}', b'{"b":{"no":1}}', b"rubbish", b"[" * 99_999, b'["no"]', b"5"]
    deep = [b'{"c":' + b"9" * 9_999 + b"}", b'{"d":"\xff"}', b""]
    more = [b'{"a":2}'] * (1000 - len(head) - len(deep))
    file.write_bytes(b"\n".join([*head, *deep, *more, b'{"late":1}']))
    assert inspect_json(Part(file), JSON).columns == ("a", "b", "d")
    file.write_bytes(b'{"a":1}\r{"b":1}\r\n')
    assert inspect_json(Part(file), JSON).columns == ("a", "b")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n\t\n"])
def test_a_file_without_a_line_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"x.json is empty"):
        inspect_json(Part(file), JSON)
