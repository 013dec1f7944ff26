"""The page on own data shows every key of a source, and its examples are settings that load."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from goldrun.contracts import source_schema
from goldrun.io.settings import load_source
from goldrun.medallion.source_columns import check_mapping
from tests.project_copy import ROOT

PAGE = (ROOT / "docs" / "how-to" / "own-data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CELLS = [
    re.findall(r"`([^`]+ = [^`]+)`", line) for line in PAGE.splitlines() if line.startswith("|")
]
EXAMPLES = [example for found in CELLS for example in found]
SCHEMA = json.loads(json.dumps(source_schema.source_schema()))
TOP = set(SCHEMA["properties"])
SECTIONS = set(SCHEMA["definitions"]["transactions"]["properties"])
WHOLE = """
[transactions]
path = "in"
[transactions.columns]
transaction_id = "a"
customer_id = "b"
quantity = "c"
price = "d"
amount = "e"
transaction_date = "f"
transaction_status = "g"
"""


def test_every_key_of_a_source_has_a_line_with_an_example() -> None:
    shown = {key for example in EXAMPLES for key in tomllib.loads(example)}
    tables = {key for block in BLOCKS for key in tomllib.loads(block).get("transactions", {})}
    assert (TOP | SECTIONS) - set(SCHEMA["definitions"]) - shown - tables == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_a_key_has_a_known_key(example: str) -> None:
    assert set(tomllib.loads(example)) <= TOP | SECTIONS


@pytest.mark.parametrize("block", range(len(BLOCKS)))
def test_an_example_is_a_source_or_a_part_of_one(tmp_path: Path, block: int) -> None:
    given = tomllib.loads(BLOCKS[block])
    assert set(given) <= TOP
    file = tmp_path / "shop.toml"
    file.write_text(BLOCKS[block] if is_whole(given) else completed(given))
    check_mapping(load_source(str(file)))


def is_whole(given: dict[str, Any]) -> bool:
    return "transaction_id" in given.get("transactions", {}).get("columns", {}) and (
        "transaction_date" in given["transactions"]["columns"]
    )


def completed(given: dict[str, Any]) -> str:
    """The text of a source that has a part of the page, and what it lacks from ``WHOLE``."""
    whole = tomllib.loads(WHOLE)["transactions"]
    section = given.get("transactions", {})
    columns = whole.pop("columns") | section.pop("columns", {})
    return json_as_toml({**given, "transactions": {**whole, **section, "columns": columns}})


def json_as_toml(tables: dict[str, Any]) -> str:
    """The text of nested tables: every value is inline, as JSON writes it."""

    def value(one: object) -> str:
        if isinstance(one, dict):
            return "{" + ", ".join(f"{json.dumps(k)} = {value(v)}" for k, v in one.items()) + "}"
        return json.dumps(one, ensure_ascii=False)

    return "\n".join(f"{name} = {value(table)}" for name, table in tables.items())
