"""Files of random layouts are read as by Python's own ``csv`` and ``json``."""

import json
import random
from pathlib import Path

import pytest

from goldrun.io.sources import json_documents, json_files, text_files
from tests.io.sources.records import Record, read
from tests.layouts.texts import (
    DELIMITERS,
    ENCODINGS,
    LETTERS,
    PACKINGS,
    csv_rows,
    csv_text,
    parts_of,
)


def draw_csv(dice: random.Random, folder: Path) -> tuple[list[Record], list[Record | str]]:
    """Write rows into files of one layout; return them as Python and goldrun read them."""
    encoding = dice.choice(list(ENCODINGS))
    delimiter = dice.choice(DELIMITERS)
    letters, columns = LETTERS + ENCODINGS[encoding], dice.randrange(1, 6)
    words = ["".join(dice.choices(letters, k=dice.randrange(8))) for _ in range(columns * 30)]
    rows = [words[n : n + columns] for n in range(0, columns * dice.randrange(1, 30), columns)]
    names = [f"n{n}" + dice.choice(["", "\n", " x", ',"q"']) for n in range(columns)]
    expected: list[Record] = []
    found: list[Record | str] = []
    for part in parts_of(dice, rows):
        text = csv_text(dice, [names, *part], delimiter)
        first, *parsed = csv_rows(text, delimiter)
        keys = [name.strip() for name in first]
        expected += [dict(zip(keys, (v or None for v in row), strict=True)) for row in parsed]
        name = "x.tsv" if delimiter == "\t" and dice.random() < 0.5 else "x.csv"
        settings = {} if name == "x.tsv" else {"delimiter": delimiter}
        packed, content = dice.choice(PACKINGS)({name: text.encode(encoding)})
        (folder / packed).write_bytes(content)
        found += read(folder / packed, encoding=encoding, **settings)
    return expected, found


def value(dice: random.Random, depth: int = 0) -> object:
    kind = dice.randrange(8 if depth < 2 else 6)
    if kind == 6:
        return [value(dice, depth + 1) for _ in range(dice.randrange(3))]
    if kind == 7:
        return {f"k{n}": value(dice, depth + 1) for n in range(dice.randrange(3))}
    text = "".join(dice.choices('ab"\\\n\r\t{}[],:é😀\u2028/', k=dice.randrange(6)))
    return [text, dice.randrange(10**9), -dice.randrange(10**4) / 64, None, True, False][kind]


def as_text(given: object) -> str | None:
    """The text that a value of JSON becomes, numbers as Python writes them."""
    if given is None or isinstance(given, str):
        return given
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def draw_json(dice: random.Random, folder: Path) -> tuple[list[Record], list[Record | str]]:
    objects = [
        {f"c{n}": value(dice) for n in range(dice.randrange(4))}
        for _ in range(dice.randrange(1, 9))
    ]
    layout, ascii_only = dice.randrange(4), dice.random() < 0.5
    if layout == 1:
        # An empty object is a whole line, whatever follows.
        objects[0] = objects[0] or {"c0": None}
    if layout == 0:
        text = "\n".join(json.dumps(each, ensure_ascii=ascii_only) for each in objects)
    elif layout == 1:
        text = "\n".join(json.dumps(each, indent=dice.randrange(3)) for each in objects)
    else:
        indent = dice.choice([None, 0, 4])
        text = json.dumps(objects, indent=indent, ensure_ascii=ascii_only)
    encoding = dice.choice(["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    packed, content = dice.choice(PACKINGS)({"x.json": text.encode(encoding)})
    (folder / packed).write_bytes(content)
    expected = [{key: as_text(each) for key, each in record.items()} for record in objects]
    return expected, read(folder / packed, format="json")


def same(found: list[Record | str], expected: list[Record]) -> bool:
    """Whether records are equal; nested JSON by its value, whose escapes differ."""
    return len(found) == len(expected) and all(
        isinstance(one, dict)
        and one.keys() == other.keys()
        and all(_same_text(one[key], other[key]) for key in one)
        for one, other in zip(found, expected, strict=True)
    )


def _same_text(one: str | None, other: str | None) -> bool:
    if one == other:
        return True
    nested = one is not None and other is not None and one[:1] + other[:1] in {"[[", "{{"}
    return nested and json.loads(one or "") == json.loads(other or "")


def differing(seeds: range, folder: Path, patched: pytest.MonkeyPatch) -> list[int]:
    """The seeds whose files are not read as plain Python reads them."""
    found = []
    for seed in seeds:
        dice = random.Random(seed)
        draw = draw_csv if seed % 4 else draw_json
        patched.setattr(text_files, "BYTES_AT_ONCE", dice.choice([7, 64, 1 << 20, 1 << 20]))
        patched.setattr(json_documents, "_CHUNK", dice.choice([5, 64, 1 << 20]))
        patched.setattr(json_files, "_CHARACTERS_AT_ONCE", dice.choice([1, 64, 8 << 20]))
        expected, records = draw(dice, folder)
        if not same(records, expected):
            found.append(seed)
    return found


def test_random_layouts_are_read_as_by_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differing(range(300), tmp_path, monkeypatch) == []


@pytest.mark.slow
def test_ten_thousand_random_layouts_are_read_as_by_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differing(range(1000, 11_000), tmp_path, monkeypatch) == []
