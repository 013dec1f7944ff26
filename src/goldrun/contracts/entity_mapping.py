"""How the records of one entity map to its contract: a section of ``pipelines/sources/*.toml``."""

import codecs
from enum import StrEnum
from typing import Literal

from pydantic import Field, field_validator, model_validator

from goldrun.contracts.strict import Strict
from goldrun.contracts.table import Table
from goldrun.contracts.time_formats import TimeFormat, check_formats
from goldrun.contracts.value_words import NO_VALUE, check_value_words
from goldrun.errors import did_you_mean

_ENCODINGS = {"utf-8": "UTF-8", "ascii": "UTF-8", "iso8859-1": "ISO-8859-1"}
"""Encodings that can be read line by line, by Python's name; ASCII is a subset of UTF-8."""
_NO_DELIMITERS = set('"\\\r\n\0')
ORIGINS = ("path", "topic", "feed", "from")
"""Keys of which a section has exactly one."""


class Kind(StrEnum):
    """Kind of place that a source's records are read from."""

    FILES = "files"
    KAFKA = "kafka"
    FEED = "feed"


class EntityMapping(Strict):
    """Location and format of one entity's records, and expressions for the contract's columns.

    Attributes:
        path: A file, a folder or a glob, relative to the working directory.
        topic: Kafka topic with one JSON object a message.
        feed: Spark source of simulated rows with the text columns ``value`` (row number from 0)
            and ``timestamp``: ``rate`` at a rate in time, ``rate-micro-batch`` equal rows in each
            run, a fixed number a batch.
        feed_rows: Rows a second of ``rate``, rows a batch of ``rate-micro-batch``.
        derived_from: Entity whose records this one is derived from (``from`` in TOML): customers
            of a shop without a customers file, from its transactions.
        format: ``csv`` with a header line, or ``json`` with one object a line; plain, or
            compressed by gzip or bzip2.
        delimiter: Field separator of CSV.
        encoding: Character encoding of the files; JSON is UTF-8.
        timestamp_format: Format of times, or several of which the first that a text has applies:
            Spark patterns, limited to letters that all engines parse alike (``time_pattern``),
            ``iso``, ``epoch_s``, ``epoch_ms`` and ``epoch_us``; ISO 8601 if None.
        extra_digits: Whether a number with more decimals than its column stores is not accepted
            or rounded half up.
        no_value: Texts of the files that are no value; the source's unless given here.
        columns: SQL expression over the file's text columns, by contract column.
        values: The shop's words for values of the contract, by contract column and word.
    """

    path: str | None = Field(default=None, min_length=1)
    topic: str | None = None
    feed: Literal["rate", "rate-micro-batch"] | None = None
    feed_rows: int = Field(default=10, ge=1)
    derived_from: Literal["transactions"] | None = Field(default=None, alias="from")
    format: Literal["csv", "json"] = "csv"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "UTF-8"
    timestamp_format: TimeFormat = None
    extra_digits: Literal["reject", "round"] = "reject"
    no_value: tuple[str, ...] = NO_VALUE
    columns: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_valid(cls, value: str) -> str:
        if value in _NO_DELIMITERS or ord(value) > 0xFFFF:
            raise ValueError(f"{value!r} can't separate fields; use a comma, semicolon, tab or bar")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_is_supported(cls, value: str) -> str:
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
    def _formats_are_supported(cls, value: TimeFormat) -> TimeFormat:
        check_formats(value)
        return value

    @model_validator(mode="after")
    def _has_one_origin(self) -> "EntityMapping":
        given = [self.path, self.topic, self.feed, self.derived_from]
        if sum(origin is not None for origin in given) != 1:
            raise ValueError(f"give exactly one of {', '.join(ORIGINS)}: the place of the records")
        return self

    @property
    def kind(self) -> Kind | None:
        """Kind of place of the records; None if they are derived from another entity."""
        if self.derived_from is not None:
            return None
        if self.topic is not None:
            return Kind.KAFKA
        return Kind.FEED if self.feed is not None else Kind.FILES

    @model_validator(mode="after")
    def _json_has_no_csv_options(self) -> "EntityMapping":
        if self.format == "json" and "delimiter" in self.model_fields_set:
            raise ValueError("JSON has no delimiter; remove it, or use format = 'csv'")
        if self.format == "json" and self.encoding != "UTF-8":
            raise ValueError(f"encoding {self.encoding!r}: JSON is always UTF-8; remove it")
        return self


def check_columns(entity: str, mapping: EntityMapping, table: Table) -> None:
    """Check the mapped columns of an entity against its contract.

    Raises:
        ValueError: A column is not in the contract, is mapped although it is derived, or a required
            column without default is not mapped.
    """
    for name in mapping.columns:
        if name not in table.names:
            raise ValueError(
                f"[{entity}.columns] {name!r} is not a column of {entity}"
                f"{did_you_mean(name, table.names)}; write one of {', '.join(table.names)}"
            )
    check_value_words(entity, mapping.values, table, mapping.columns)
    if mapping.derived_from is not None:
        computed = sorted({*table.key, table.versioned_by} & set(mapping.columns))
        if computed:
            raise ValueError(
                f"[{entity}.columns] {', '.join(computed)} is derived from {mapping.derived_from}; "
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
