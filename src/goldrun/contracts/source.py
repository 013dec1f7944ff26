"""How a shop's own data maps on to the contracts: the content of ``pipelines/sources/*.toml``."""

import codecs
from enum import StrEnum
from typing import Any, Literal

from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, field_validator, model_validator

from goldrun.contracts.currencies import CURRENCIES
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.strict import Strict
from goldrun.contracts.table import Table
from goldrun.contracts.time_pattern import layouts_of
from goldrun.contracts.zones import time_zones
from goldrun.errors import did_you_mean

_ENCODINGS = {"utf-8": "UTF-8", "ascii": "UTF-8", "iso8859-1": "ISO-8859-1"}
"""Encodings that can be read line by line, by Python's name for each; ASCII is a part of UTF-8."""
_NO_DELIMITERS = set('"\\\r\n\0')
UTC = "UTC"
_SAME_AS_UTC = frozenset(
    f"{area}{name}"
    for area in ("", "Etc/")
    for name in (
        *("UTC", "UCT", "Universal", "Zulu"),
        *("GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich"),
    )
)
"""All names of the zone whose clocks show UTC."""
_ORIGINS = ("path", "topic", "feed", "from")
_LONGEST_PREFIX = 100


class Kind(StrEnum):
    """Where a source's records come from."""

    FILES = "files"
    KAFKA = "kafka"
    FEED = "feed"


class EntityMapping(Strict):
    """Where one entity's records are and how their text becomes the contract's columns.

    Attributes:
        path: A file, a folder or a glob, relative to where the command runs.
        topic: Kafka topic with one JSON object a message.
        feed: Simulated rows whose text columns are ``value``, the row's number from 0, and
            ``timestamp``: ``rate`` makes them as time goes by, ``rate-micro-batch`` the same ones
            in every run, a number of them a batch.
        feed_rows: Rows a second of ``rate``, rows a batch of ``rate-micro-batch``.
        derived_from: Entity whose records this one is made from (``from`` in TOML). Customers of
            a shop without a customers file come from its transactions.
        format: ``csv`` with a header line, or ``json`` with one object a line; plain, or packed
            by gzip or bzip2.
        delimiter: Field separator; of CSV only.
        encoding: Character encoding of the files; JSON is UTF-8.
        timestamp_format: Spark pattern of times, of the letters that every engine reads alike
            (``time_pattern``); ISO 8601 when not given.
        columns: Contract column to SQL expression over the file's columns, all of them text.
    """

    path: str | None = Field(default=None, min_length=1)
    topic: str | None = None
    feed: Literal["rate", "rate-micro-batch"] | None = None
    feed_rows: int = Field(default=10, ge=1)
    derived_from: Literal["transactions"] | None = Field(default=None, alias="from")
    format: Literal["csv", "json"] = "csv"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "UTF-8"
    timestamp_format: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)

    @field_validator("delimiter")
    @classmethod
    def _delimiter_parts_fields(cls, value: str) -> str:
        if value in _NO_DELIMITERS or ord(value) > 0xFFFF:
            raise ValueError(f"{value!r} can't part fields; use a comma, semicolon, tab or bar")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_is_read(cls, value: str) -> str:
        try:
            found = codecs.lookup(value).name
        except LookupError:
            found = ""
        if found not in _ENCODINGS:
            known = ", ".join(dict.fromkeys(_ENCODINGS.values()))
            raise ValueError(f"encoding {value!r} is none of {known}; convert the files to UTF-8")
        return _ENCODINGS[found]

    @field_validator("timestamp_format")
    @classmethod
    def _pattern_is_read(cls, value: str | None) -> str | None:
        if value is not None:
            layouts_of(value)
        return value

    @model_validator(mode="after")
    def _has_one_origin(self) -> "EntityMapping":
        given = [self.path, self.topic, self.feed, self.derived_from]
        if sum(origin is not None for origin in given) != 1:
            raise ValueError(f"give exactly one of {', '.join(_ORIGINS)}: where the records are")
        return self

    @property
    def kind(self) -> Kind | None:
        """Where the records come from; None when they are made from another entity's."""
        if self.derived_from is not None:
            return None
        if self.topic is not None:
            return Kind.KAFKA
        return Kind.FEED if self.feed is not None else Kind.FILES

    @model_validator(mode="after")
    def _json_is_json(self) -> "EntityMapping":
        if self.format == "json" and "delimiter" in self.model_fields_set:
            raise ValueError("JSON has no delimiter; remove it, or use format = 'csv'")
        if self.format == "json" and self.encoding != "UTF-8":
            raise ValueError(f"encoding {self.encoding!r}: JSON is always UTF-8; remove it")
        return self


class Source(Strict):
    """One shop.

    Attributes:
        name: Name of the TOML file.
        timezone: Zone of times that carry none, whose calendar days are the days of gold; without
            it rows with such times are quarantined, and days are those of UTC.
        max_reject_share: Largest share of records that may end in quarantine, 0 to 1; above it
            the data-quality verdict is fail.
        currency: ISO 4217 code of the reporting currency, into which others are converted.
        rates: Path of a CSV file ``currency,valid_from,rate`` with what one unit of a currency is
            worth in the reporting currency from a day on; needs ``currency``.
        phone_region: Region (ISO 3166, ``GB``) of telephone numbers without a country code.
        made_by: Command that makes the files, told when they are not there.
        kafka: Brokers of the topics, as ``host:port,host:port``; ``GOLDRUN_KAFKA`` wins over it.
        registry_prefix: First part of the names of registered models, instead of the source's
            name; empty for names without a prefix. Letters, digits, ``_`` and ``-``.
        entities: Mapping of each entity that the shop has, parents before children; TOML sections
            named like the entity.
    """

    name: str
    timezone: str | None = None
    max_reject_share: float = Field(default=0.05, ge=0, le=1)
    currency: str | None = None
    rates: str | None = None
    phone_region: str | None = None
    made_by: str | None = None
    kafka: str | None = None
    registry_prefix: str | None = None
    entities: dict[str, EntityMapping]

    def registered_name(self, model: str) -> str:
        """Name of a model in the registry: ``<source>-<model>``, or as ``registry_prefix`` says."""
        prefix = self.name if self.registry_prefix is None else self.registry_prefix
        return f"{prefix}-{model}" if prefix else model

    @property
    def zone(self) -> str:
        """Time zone whose calendar days are the days of gold: the declared one, else ``UTC``."""
        if self.timezone is None or self.timezone in _SAME_AS_UTC:
            return UTC
        return self.timezone

    @property
    def with_files(self) -> dict[str, EntityMapping]:
        """The entities that have records of their own in bronze, parents before children."""
        return {name: mapping for name, mapping in self.entities.items() if mapping.kind}

    @property
    def kind(self) -> Kind:
        """Where all of them come from."""
        return next(mapping.kind for mapping in self.with_files.values() if mapping.kind)

    @model_validator(mode="before")
    @classmethod
    def _gather_entities(cls, raw: dict[str, Any]) -> dict[str, Any]:
        sections = {key: raw[key] for key in ENTITIES if key in raw}
        rest = {key: raw[key] for key in raw if key not in ENTITIES}
        return {"entities": sections, **rest}

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        known = time_zones()
        if value is not None and value not in known:
            near = did_you_mean(value, known)
            raise ValueError(f"{value!r} is not a time zone{near}; write one such as Europe/Berlin")
        return value

    @field_validator("currency")
    @classmethod
    def _currency_is_a_code(cls, value: str | None) -> str | None:
        if value is not None and value not in CURRENCIES:
            near = did_you_mean(value, CURRENCIES)
            raise ValueError(f"{value!r} is not an ISO 4217 code, such as EUR{near}")
        return value

    @field_validator("phone_region")
    @classmethod
    def _region_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in SUPPORTED_REGIONS:
            near = did_you_mean(value, SUPPORTED_REGIONS)
            raise ValueError(f"{value!r} is not a region with telephone numbers{near}")
        return value

    @model_validator(mode="after")
    def _names_models(self) -> "Source":
        given = self.registry_prefix
        prefix = self.name if given is None else given
        if given != "" and not _can_name_models(prefix):
            what = f"registry_prefix {given!r}" if given is not None else f"the name {self.name!r}"
            remedy = "change it" if given is not None else "rename the file, or set registry_prefix"
            raise ValueError(
                f"{what} can't begin the name of a registered model: {remedy}; allowed are "
                f"letters, digits, '_' and '-', at most {_LONGEST_PREFIX}"
            )
        return self

    @model_validator(mode="after")
    def _rates_have_a_target(self) -> "Source":
        if self.rates is not None and self.currency is None:
            raise ValueError("rates needs currency, the one to convert into")
        return self

    @model_validator(mode="after")
    def _comes_from_one_kind_of_place(self) -> "Source":
        kinds = {mapping.kind for mapping in self.with_files.values()}
        if len(kinds) > 1:
            raise ValueError("all entities of a source are files, or topics, or feeds; not a mix")
        topics = [mapping.topic for mapping in self.with_files.values() if mapping.topic]
        if len(set(topics)) < len(topics):
            raise ValueError("each entity needs a topic of its own")
        return self

    @model_validator(mode="after")
    def _maps_contracts(self) -> "Source":
        if "transactions" not in self.entities:
            raise ValueError("the section [transactions] is missing; add it")
        for entity, mapping in self.entities.items():
            _check_columns(entity, mapping, ENTITIES[entity])
        return self


def _can_name_models(prefix: str) -> bool:
    rest = prefix.replace("_", "").replace("-", "")
    return rest.isalnum() and len(prefix) <= _LONGEST_PREFIX


def _check_columns(entity: str, mapping: EntityMapping, table: Table) -> None:
    for name in mapping.columns:
        if name not in table.names:
            raise ValueError(
                f"[{entity}.columns] {name!r} is not a column of {entity}"
                f"{did_you_mean(name, table.names)}; write one of {', '.join(table.names)}"
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
        raise ValueError(f"[{entity}.columns] lacks the required {', '.join(lacking)}; map it")
