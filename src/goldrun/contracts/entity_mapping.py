"""How the records of one entity map to its contract: a section of ``pipelines/sources/*.toml``."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from goldrun.contracts.file_settings import FileSettings
from goldrun.contracts.quarantine_reasons import warn_reasons
from goldrun.contracts.row_context import FillDown
from goldrun.contracts.strict import Strict
from goldrun.contracts.table import Table
from goldrun.contracts.time_formats import TimeFormat, check_formats
from goldrun.contracts.value_words import NO_VALUE, check_value_words
from goldrun.errors import did_you_mean

ORIGINS = ("path", "topic", "feed", "from")
"""Keys of which a section has exactly one."""
_OF_FILES = ("on_changed", "fill_down", "join", "each", "sheet")
_JOIN_NAME = re.compile(r"[A-Za-z0-9_]+")


class Kind(StrEnum):
    """Kind of place that a source's records are read from."""

    FILES = "files"
    KAFKA = "kafka"
    FEED = "feed"


class Join(Strict):
    """A second file of an entity, with one line for many records, such as the order of its items.

    Attributes:
        on: Column with the key, which both files have; or ``{ column = "other" }``, the column of
            the records and that of the joined file.
        form: Path and form of the joined file; written beside ``on``.
    """

    on: str | dict[str, str]
    form: FileSettings

    @model_validator(mode="before")
    @classmethod
    def _gather_form(cls, raw: dict[str, Any]) -> dict[str, Any]:
        on = {"on": raw["on"]} if "on" in raw else {}
        return {**on, "form": {key: raw[key] for key in raw if key != "on"}}

    @field_validator("on")
    @classmethod
    def _is_one_pair(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        if not value or (isinstance(value, dict) and len(value) > 1):
            raise ValueError('give one column, as on = "order_id" or on = { order = "id" }')
        return value

    @field_validator("form")
    @classmethod
    def _has_a_path(cls, value: FileSettings) -> FileSettings:
        if value.path is None:
            raise ValueError("a joined file has a path: give it")
        return value

    @property
    def key(self) -> str:
        """Column of the records with the key."""
        return self.on if isinstance(self.on, str) else next(iter(self.on))

    @property
    def joined_key(self) -> str:
        """Column of the joined file with the key."""
        return self.on if isinstance(self.on, str) else next(iter(self.on.values()))


KEYS_OF_JOIN = ("on", *sorted(FileSettings.model_fields))
"""Keys of a section such as ``[transactions.join.orders]``."""


class EntityMapping(FileSettings):
    """Location and form of one entity's records, and expressions for the contract's columns.

    The keys of ``FileSettings`` are those of the files.

    Attributes:
        topic: Kafka topic with one JSON object a message.
        feed: Spark source of simulated rows with the text columns ``value`` (row number from 0)
            and ``timestamp``: ``rate`` at a rate in time, ``rate-micro-batch`` equal rows in each
            run, a fixed number a batch.
        feed_rows: Rows a second of ``rate``, rows a batch of ``rate-micro-batch``.
        derived_from: Entity whose records this one is derived from (``from`` in TOML): customers
            of a shop without a customers file, from its transactions.
        timestamp_format: Format of times, or several of which the first that a text has applies:
            Spark patterns, limited to letters that all engines parse alike (``time_pattern``),
            ``iso``, ``epoch_s``, ``epoch_ms`` and ``epoch_us``; ISO 8601 if None.
        extra_digits: Whether a number with more decimals than its column stores is not accepted
            or rounded half up.
        reject: Names of warnings of the contract that reject their records in this shop.
        no_value: Texts of the files that are no value; the source's unless given here.
        on_changed: What happens when a file has other content than when it was read: ``reread``
            reads the new content as newer versions, ``refuse`` stops the batch. If None, it is
            read again unless the key is made of the numbers of rows and the rows have moved.
        columns: SQL expression over the file's text columns, by contract column.
        values: The shop's words for values of the contract, by contract column and word.
        fill_down: Columns that a file has on the first line of each group only; None if all lines
            have their own values.
        join: Files with more columns of the records, by the name before the point in expressions:
            `` `orders.status` ``.
    """

    topic: str | None = None
    feed: Literal["rate", "rate-micro-batch"] | None = None
    feed_rows: int = Field(default=10, ge=1)
    derived_from: Literal["transactions"] | None = Field(default=None, alias="from")
    timestamp_format: TimeFormat = None
    extra_digits: Literal["reject", "round"] = "reject"
    reject: tuple[str, ...] = ()
    no_value: tuple[str, ...] = NO_VALUE
    on_changed: Literal["reread", "refuse"] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    fill_down: FillDown | None = None
    join: dict[str, Join] = Field(default_factory=dict)

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
    def _only_files_have_context(self) -> "EntityMapping":
        given = [name for name in _OF_FILES if getattr(self, name)]
        if given and self.kind is not Kind.FILES:
            raise ValueError(f"{given[0]} is for files, which have a path; remove it")
        if self.fill_down and self.format == "json":
            raise ValueError("fill_down is for files with a header; remove it: JSON has no cells")
        if bad := [name for name in self.join if not _JOIN_NAME.fullmatch(name)]:
            raise ValueError(
                f"join {bad[0]!r} is no name: write letters, digits and _, as in [join.orders]"
            )
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
    if mapping.derived_from is not None and mapping.reject:
        raise ValueError(
            f"[{entity}] reject: {entity} are derived from {mapping.derived_from}, whose records "
            f"are not rejected for them; remove it, or write it under [{mapping.derived_from}]"
        )
    _check_rejected(entity, mapping.reject, table)
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


def _check_rejected(entity: str, names: Sequence[str], table: Table) -> None:
    """Check that each name is that of a warning of the contract."""
    known = warn_reasons(table)
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise ValueError(
                f"[{entity}] reject has {name!r}, which is no warning of {entity}{near}; write one "
                f"of {', '.join(known)}"
            )
