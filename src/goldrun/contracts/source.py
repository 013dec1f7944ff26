"""How a shop's own files map on to the contracts: the content of ``pipelines/sources/*.toml``."""

import codecs
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from goldrun.contracts.entities import ENTITIES
from goldrun.contracts.strict import Strict
from goldrun.contracts.table import Table
from goldrun.errors import did_you_mean

_ENCODINGS = {
    "utf-8": "UTF-8",
    "iso8859-1": "ISO-8859-1",
    "ascii": "US-ASCII",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32": "UTF-32",
}
"""Encodings that Spark reads, by Python's name for each."""


class EntityMapping(Strict):
    """Where one entity's records are and how their text becomes the contract's columns.

    Attributes:
        path: A file, a folder or a glob, relative to where the command runs. Not given for an
            entity that is derived.
        derived_from: Entity whose records this one is made from (``from`` in TOML). Customers of
            a shop without a customers file come from its transactions.
        format: Only ``csv`` with a header line, plain or compressed.
        delimiter: Field separator.
        encoding: Character encoding of the files.
        timestamp_format: Spark pattern of times; ISO 8601 when not given.
        columns: Contract column to SQL expression over the file's columns, all of them text.
    """

    path: str | None = None
    derived_from: Literal["transactions"] | None = Field(default=None, alias="from")
    format: Literal["csv"] = "csv"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "UTF-8"
    timestamp_format: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, value: str) -> str:
        try:
            found = codecs.lookup(value).name
        except LookupError:
            found = ""
        if found not in _ENCODINGS:
            raise ValueError(f"encoding {value!r} is none of {', '.join(_ENCODINGS.values())}")
        return _ENCODINGS[found]

    @model_validator(mode="after")
    def _has_one_origin(self) -> "EntityMapping":
        if (self.path is None) == (self.derived_from is None):
            raise ValueError("give either path (files) or from (another entity), not both")
        return self


class Source(Strict):
    """One shop.

    Attributes:
        name: Name of the TOML file.
        timezone: Zone of times that carry none; without it rows with such times are quarantined.
        max_reject_share: Largest share of records that may end in quarantine, 0 to 1; above it
            the data-quality verdict is fail.
        entities: Mapping of each entity that the shop has; TOML sections named like the entity.
    """

    name: str
    timezone: str | None = None
    max_reject_share: float = Field(default=0.05, ge=0, le=1)
    entities: dict[str, EntityMapping]

    @model_validator(mode="before")
    @classmethod
    def _gather_entities(cls, raw: dict[str, Any]) -> dict[str, Any]:
        sections = {key: raw[key] for key in raw if key in ENTITIES}
        rest = {key: raw[key] for key in raw if key not in ENTITIES}
        return {"entities": sections, **rest}

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            near = did_you_mean(value, available_timezones())
            raise ValueError(f"{value!r} is not a time zone{near}")
        return value

    @model_validator(mode="after")
    def _maps_contracts(self) -> "Source":
        if "transactions" not in self.entities:
            raise ValueError("the section [transactions] is missing")
        for entity, mapping in self.entities.items():
            _check_columns(entity, mapping, ENTITIES[entity])
        return self


def _check_columns(entity: str, mapping: EntityMapping, table: Table) -> None:
    for name in mapping.columns:
        if name not in table.names:
            raise ValueError(
                f"[{entity}.columns] {name!r} is not a column of {entity}"
                f"{did_you_mean(name, table.names)}; it has {', '.join(table.names)}"
            )
    if mapping.derived_from is not None:
        computed = sorted({*table.key, table.versioned_by} & set(mapping.columns))
        if computed:
            raise ValueError(
                f"[{entity}.columns] {', '.join(computed)} comes from {mapping.derived_from}; "
                "remove it here"
            )
        return
    lacking = [
        c.name
        for c in table.columns
        if c.required and c.default is None and c.name not in mapping.columns
    ]
    if lacking:
        raise ValueError(f"[{entity}.columns] lacks the required {', '.join(lacking)}")
