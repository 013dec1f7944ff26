"""The JSON schema of a source's TOML file, by which editors complete and check it."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from goldrun.contracts.entity_mapping import KEYS_OF_JOIN, ORIGINS, EntityMapping, Join
from goldrun.contracts.file_settings import FileSettings
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Table

DIRECTIVE = "#:schema {path}docs/reference/source.schema.json"
"""First line of a TOML file, in which taplo and the editors that use it find the schema."""
_DIALECT = "http://json-schema.org/draft-07/schema#"
_ATTRIBUTES = "\n\nAttributes:"
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
_ROOT = {"name", "argument", "entities"}
"""Fields of ``Source`` that are no keys of the file."""
Schema = dict[str, Any]


def page() -> str:
    """Return the schema as JSON text."""
    return json.dumps(source_schema(), indent=2, ensure_ascii=False) + "\n"


def source_schema() -> Schema:
    """Return the schema: keys, types and descriptions of the contract, columns of each entity."""
    raw = _without_null(Source.model_json_schema())
    of_files = inspect.getdoc(FileSettings) or ""
    raw["$defs"][EntityMapping.__name__]["description"] += of_files.partition(_ATTRIBUTES)[2]
    definitions: dict[str, Schema] = {k: _described(v) for k, v in raw["$defs"].items()}
    mapping = definitions.pop(EntityMapping.__name__)
    definitions[Join.__name__] = _joined(definitions[Join.__name__], mapping)
    root = _described({key: value for key, value in raw.items() if key != "$defs"})
    keys = {name: value for name, value in root["properties"].items() if name not in _ROOT}
    sections = {name: {"$ref": f"#/definitions/{name}"} for name in ENTITIES}
    definitions |= {name: _section(name, mapping, table) for name, table in ENTITIES.items()}
    return {
        "$schema": _DIALECT,
        "title": "A source of goldrun",
        "description": root["description"],
        "type": "object",
        "properties": keys | sections,
        "required": ["transactions"],
        "additionalProperties": False,
        "definitions": definitions,
    }


def _section(entity: str, mapping: Mapping[str, Any], table: Table) -> Schema:
    """Return the schema of an entity's section, with the columns of its contract."""
    columns = {
        **mapping["properties"]["columns"],
        "properties": {c.name: _column(c.description) for c in table.columns},
        "additionalProperties": False,
    }
    required = [c.name for c in table.columns if c.required and c.default is None]
    is_derived = {"required": ["from"]}
    mapped = {"required": ["columns"], "properties": {"columns": {"required": required}}}
    return {
        **mapping,
        "title": entity,
        "description": f"{table.grain[0].upper()}{table.grain[1:]}.",
        "properties": {**mapping["properties"], "columns": columns},
        "oneOf": [{"required": [origin]} for origin in ORIGINS],
        "if": is_derived,
        "then": {},
        "else": mapped,
    }


def _joined(join: Mapping[str, Any], mapping: Mapping[str, Any]) -> Schema:
    """Return the schema of a joined file: its key, and path and form as a section has them."""
    keys = {**mapping["properties"], "on": join["properties"]["on"]}
    properties = {name: keys[name] for name in KEYS_OF_JOIN}
    return {**join, "properties": properties, "required": ["on", "path"]}


def _column(description: str) -> Schema:
    return {"type": "string", "description": description}


def _described(model: Mapping[str, Any]) -> Schema:
    """Move the descriptions of attributes from a model's docstring to its properties."""
    text = str(model.get("description", ""))
    head, _, attributes = text.partition(_ATTRIBUTES)
    found = {name: " ".join(about.split()) for name, about in _ATTRIBUTE.findall(attributes)}
    properties = {
        name: {key: one for key, one in value.items() if key != "title"} | _about(name, found)
        for name, value in model.get("properties", {}).items()
    }
    described = {**model, "description": _plain(" ".join(head.split()))}
    return described | ({"properties": properties} if properties else {})


def _about(name: str, found: Mapping[str, str]) -> Schema:
    alias = (text for text in found.values() if f"(``{name}`` in TOML)" in text)
    text = found.get(name) or next(alias, "")
    return {"description": _plain(text)} if text else {}


def _plain(text: str) -> str:
    return text.replace("``", "`")


def _without_null(schema: Any) -> Any:
    """Return a schema without null, which TOML does not have, and with draft 7's references."""
    if isinstance(schema, list):
        return [_without_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema.replace("#/$defs/", "#/definitions/") if isinstance(schema, str) else schema
    kept = {key: _without_null(value) for key, value in schema.items() if value is not None}
    choices = [each for each in kept.get("anyOf", []) if each != {"type": "null"}]
    if len(choices) == 1:
        return {**{key: value for key, value in kept.items() if key != "anyOf"}, **choices[0]}
    return {**kept, "anyOf": choices} if choices else kept
