"""The JSON schema of a source's TOML is what the contract says, and editors can check with it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from goldrun.contracts import source_schema
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.errors import SettingsError
from goldrun.io.settings import load_source
from tests.project_copy import ROOT

WRITTEN = ROOT / "docs" / "reference" / "source.schema.json"
SHIPPED = sorted((ROOT / "pipelines" / "sources").rglob("*.toml"))
GOOD = """
timezone = "UTC"
[transactions]
path = "in"
[transactions.columns]
transaction_id = "Id"
customer_id = "Who"
quantity = "Quantity"
price = "Price"
amount = "Amount"
transaction_date = "Time"
transaction_status = "'completed'"
"""
WRONG = {
    "an unknown key": ('timezone = "UTC"', 'timezne = "UTC"'),
    "an unknown key of a section": ('path = "in"', 'path = "in"\npth = "in"'),
    "an unknown column": ('amount = "Amount"', 'amount = "Amount"\namunt = "Amount"'),
    "a required column that is missing": ('amount = "Amount"', ""),
    "no place": ('path = "in"', ""),
    "two places": ('path = "in"', 'path = "in"\ntopic = "sales"'),
    "an unknown format": ('path = "in"', 'path = "in"\nformat = "cvs"'),
    "a share above 1": ('timezone = "UTC"', "max_reject_share = 1.5"),
    "a number where text is expected": ('timezone = "UTC"', "timezone = 1"),
    "no transactions": (
        GOOD,
        'timezone = "UTC"\n[customers]\npath = "in"\n[customers.columns]\ncustomer_id = "Id"\n',
    ),
}


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(WRITTEN.read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def test_the_file_is_what_the_contract_says() -> None:
    is_true = WRITTEN.read_text(encoding="utf-8") == source_schema.page()
    assert is_true, "docs/reference/source.schema.json is out of date: run make docs"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_sources_fit_it_and_name_it_where_editors_look(validator: Any, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    validator.validate(tomllib.loads(text))
    directive, path = text.splitlines()[0].split(" ")
    assert directive == "#:schema"
    assert (file.parent / path).resolve() == WRITTEN


@pytest.mark.parametrize("case", WRONG)
def test_what_goldrun_refuses_the_schema_refuses(validator: Any, tmp_path: Path, case: str) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(GOOD)
    load_source(str(file))
    validator.validate(tomllib.loads(GOOD))
    text = GOOD.replace(*WRONG[case])
    file.write_text(text)
    with pytest.raises(SettingsError):
        load_source(str(file))
    assert not validator.is_valid(tomllib.loads(text))


def test_every_key_and_column_has_a_description(validator: Any) -> None:
    schema = validator.schema
    keys = {name: value for name, value in schema["properties"].items() if "$ref" not in value}
    assert set(keys) | set(ENTITIES) == set(Source.model_fields) - {
        "name",
        "argument",
        "entities",
    } | set(ENTITIES)
    for entity, table in ENTITIES.items():
        section = schema["definitions"][entity]["properties"]
        aliases = {field.alias or name for name, field in EntityMapping.model_fields.items()}
        assert set(section) == aliases
        assert set(section["columns"]["properties"]) == set(table.names)
        keys |= {f"{entity}.{name}": value for name, value in section.items()}
        columns = section["columns"]["properties"]
        keys |= {f"{entity}.columns.{name}": value for name, value in columns.items()}
    assert [name for name, value in keys.items() if not value.get("description")] == []
