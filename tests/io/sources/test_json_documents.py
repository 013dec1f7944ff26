"""JSON of one array and pretty-printed JSON have the same records as lines of JSON."""

import json
from pathlib import Path

import pytest

from goldrun.contracts.file_settings import FileSettings
from goldrun.errors import SourceError
from goldrun.io.sources import json_documents, json_files
from goldrun.io.sources.forms import inspect_file
from tests.io.sources.records import Record, read

OBJECTS = [
    {"id": 1, "price": 1.10, "note": 'a\nb [{]} "x"', "tags": [1, {"b": None}], "é": None},
    {"id": 2, "gone": True, "empty": {}},
    {},
    {"id": 12345678901234567890, "text": "\u2028"},
]
RECORDS: list[Record | str] = [
    {"id": "1", "price": "1.1", "note": 'a\nb [{]} "x"', "tags": '[1,{"b":null}]', "é": None},
    {"id": "2", "gone": "true", "empty": "{}"},
    {},
    {"id": "12345678901234567890", "text": "\u2028"},
]
FORMS = {
    "lines": "\n".join(json.dumps(each) for each in OBJECTS),
    "array": json.dumps(OBJECTS),
    "array of lines": "[\n" + ",\n".join(json.dumps(each) for each in OBJECTS) + "\n]\n",
    "pretty array": json.dumps(OBJECTS, indent=2, ensure_ascii=False),
    "pretty objects": "\n".join(json.dumps(each, indent=4) for each in OBJECTS),
    "objects after each other": "{\n}" + "".join(json.dumps(each) for each in OBJECTS),
}


@pytest.mark.parametrize("piece", [1, 3, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", FORMS)
def test_the_records_are_those_of_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, encoding: str, piece: int
) -> None:
    file = tmp_path / "x.json"
    file.write_text(FORMS[form], encoding=encoding)
    monkeypatch.setattr(json_documents, "_CHUNK", max(piece, 4))
    monkeypatch.setattr(json_files, "_CHARACTERS_AT_ONCE", piece)
    expected = [{}, *RECORDS] if form == "objects after each other" else RECORDS
    assert read(file, format="json") == expected


def test_only_lines_of_utf_8_are_split_by_engines(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    plain = {}
    for form, text in FORMS.items():
        file.write_text(text)
        plain[form] = inspect_file(file, FileSettings(format="json"))[0].plain
    file.write_text(FORMS["lines"], encoding="utf-16")
    plain["other encoding"] = inspect_file(file, FileSettings(format="json"))[0].plain
    file.write_text(FORMS["lines"])
    plain["each"] = inspect_file(file, FileSettings(format="json", each="tags"))[0].plain
    assert [form for form, is_plain in plain.items() if is_plain] == ["lines"]


def test_an_element_that_is_no_object_is_malformed(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    elements = ['{"a":1}', "12", '"x"', "[1, 2]", "null", '{"a":1,"a":2}', '{"b": "\\ud800"}']
    file.write_text(f"[{', '.join(elements)}]")
    assert read(file, format="json") == [{"a": "1"}, *elements[1:]]
    long = f'{{"a":{"9" * 1001}}}'
    file.write_text(f'[{long}, {{"a":1}}]')
    assert read(file, format="json") == [long, {"a": "1"}]
    file.write_text("[]")
    assert read(file, format="json") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"a":1},{"a":2}', "it is cut off"),
        ('[{"a":1},', "it is cut off"),
        ('[{"a":1},\n{"a":"x', "it is cut off"),
        ("[", "it is cut off"),
        ('{\n "a": 1,\n', "it is cut off"),
        ('{\n "a": 1\n}\n{\n "a": ', "it is cut off"),
        ('[{"a":1}\n{"a":2}]', "what begins in line 2 is no JSON"),
        ('[{"a":1},\n\n{"a" 2}]', "what begins in line 3 is no JSON"),
        ('[\n{"a":1}\n]\nrubbish', "what begins in line 4 is no JSON"),
        ('{\n"a":1\n}\n\nrubbish', "what begins in line 5 is no JSON"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_document_that_is_no_json_is_refused_whole(
    tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(SourceError) as caught:
        inspect_file(file, FileSettings(format="json"))
    assert str(caught.value).startswith(f"{file} can't be read to its end: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1\n{"a":2}\n',
        '{"a":1}{"a":3}\n{"a":2}\n',
        '{"a":"x\n{"a":2}\n',
        '[1]\n{"a":2}\n',
        'rubbish\n{"a":2}\n',
    ],
)
def test_a_malformed_first_line_leaves_the_others_lines(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    assert read(file, format="json") == [text.split("\n", maxsplit=1)[0], {"a": "2"}]


def test_each_element_of_a_list_is_a_record_with_the_fields_around_it(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    orders = [
        {"id": 7, "items": [{"sku": "a", "n": 1.50}, {"sku": "b", "tax": [1]}], "id2": None},
        {"id": 8, "items": []},
        {"id": 9},
        {"id": 10, "items": None},
        {"id": 11, "items": ["x", None]},
        {"id": 12, "items": {"sku": "c"}},
        {"id": 13, "items.sku": "clash", "items": [{"sku": "d"}]},
    ]
    expected: list[Record | str] = [
        {"id": "7", "id2": None, "items.sku": "a", "items.n": "1.5"},
        {"id": "7", "id2": None, "items.sku": "b", "items.tax": "[1]"},
        {"id": "8"},
        {"id": "9"},
        {"id": "10"},
        {"id": "11", "items": "x"},
        {"id": "11", "items": None},
        {"id": "12", "items.sku": "c"},
        json.dumps(orders[-1]),
    ]
    file.write_text(json.dumps(orders))
    assert read(file, format="json", each="items") == expected
    file.write_text("\n".join(json.dumps(each) for each in orders))
    assert read(file, format="json", each="items") == expected
    (layout,) = inspect_file(file, FileSettings(format="json", each="items"))
    assert layout.columns == ("id", "id2", "items", "items.n", "items.sku", "items.tax")


def test_a_list_may_be_within_lists_and_objects(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    page = {
        "page": 1,
        "data": {"of": "may", "orders": [{"id": 1, "lines": [{"n": 1}, {"n": 2}]}, {"id": 2}]},
    }
    file.write_text(json.dumps(page, indent=1))
    assert read(file, format="json", each="data.orders.lines") == [
        {"page": "1", "data.of": "may", "data.orders.id": "1", "data.orders.lines.n": "1"},
        {"page": "1", "data.of": "may", "data.orders.id": "1", "data.orders.lines.n": "2"},
        {"page": "1", "data.of": "may", "data.orders.id": "2"},
    ]
