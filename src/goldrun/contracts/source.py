"""Settings of a source: the content of ``pipelines/sources/*.toml``."""

from dataclasses import replace
from typing import Any, Literal

from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, field_validator, model_validator

from goldrun.contracts.currencies import CURRENCIES
from goldrun.contracts.entity_mapping import EntityMapping, Kind, check_columns
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.strict import Strict
from goldrun.contracts.table import Table
from goldrun.contracts.value_words import NO_VALUE
from goldrun.contracts.zones import time_zones
from goldrun.errors import did_you_mean

UTC = "UTC"
NO_CURRENCY = "currency units"
"""Unit of money in figures of a shop that declares no currency."""
_CUSTOMERS, _TRANSACTIONS = "customers", "transactions"
_QUARANTINE = "quarantine"
_SAME_AS_UTC = frozenset(
    f"{area}{name}"
    for area in ("", "Etc/")
    for name in (
        *("UTC", "UCT", "Universal", "Zulu"),
        *("GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich"),
    )
)
"""Names of time zones that equal UTC."""
_LONGEST_PREFIX = 100


class Source(Strict):
    """Settings of one shop's data.

    Attributes:
        name: Name of the TOML file.
        argument: How a command names the source, after ``-P source=``: the name, with the path of
            its files if a command has given it.
        timezone: Time zone of times without a zone, and of the calendar days in gold. If None,
            rows with such times are quarantined, and the days are those of UTC.
        max_reject_share: Largest share of quarantined records, 0 to 1, that passes the
            data-quality check.
        currency: ISO 4217 code of the reporting currency, to which other currencies are
            converted.
        rates: Path of a CSV file ``currency,valid_from,rate``: units of the reporting currency
            for one unit of a currency, from a day on. Requires ``currency``.
        phone_region: Region (ISO 3166, such as ``GB``) of telephone numbers without country code.
        unknown_customers: What becomes of the transactions of customers who are in no customers
            file: ``derive`` accepts them and derives these customers from them, ``quarantine``
            rejects them. Without a customers file all customers are derived.
        made_by: Command that creates the files; named in the error if they are missing.
        kafka: Brokers of the topics, as ``host:port,host:port``; ``GOLDRUN_KAFKA`` has precedence.
        registry_prefix: First part of the names of registered models, instead of the source's
            name; empty for names without a prefix. Letters, digits, ``_`` and ``-``.
        no_value: Texts of the files that are no value, as ``NULL`` or ``-``, whatever column they
            are in; case and spaces around them do not count, and the empty text stands for blanks.
        entities: Mapping of each entity of the shop, parents before children; TOML sections with
            the name of the entity.
    """

    name: str
    argument: str = ""
    timezone: str | None = None
    max_reject_share: float = Field(default=0.05, ge=0, le=1)
    currency: str | None = None
    rates: str | None = None
    phone_region: str | None = None
    unknown_customers: Literal["derive", "quarantine"] = "derive"
    made_by: str | None = None
    kafka: str | None = None
    registry_prefix: str | None = None
    no_value: tuple[str, ...] = NO_VALUE
    entities: dict[str, EntityMapping]

    def registered_name(self, model: str) -> str:
        """Return the registered name of a model: source name or ``registry_prefix``, and model."""
        prefix = self.name if self.registry_prefix is None else self.registry_prefix
        return f"{prefix}-{model}" if prefix else model

    @property
    def zone(self) -> str:
        """Time zone of the calendar days in gold: ``timezone``, or ``UTC`` if None."""
        if self.timezone is None or self.timezone in _SAME_AS_UTC:
            return UTC
        return self.timezone

    @property
    def money_unit(self) -> str:
        """Unit of money in figures: ``currency``, or ``NO_CURRENCY`` if None."""
        return self.currency or NO_CURRENCY

    @property
    def with_files(self) -> dict[str, EntityMapping]:
        """Mapping of each entity that is not derived from another, parents before children.

        Transactions come before what refers to the customers that are derived from them.
        """
        found = {name: mapping for name, mapping in self.entities.items() if mapping.kind}
        if _CUSTOMERS in found and self.unknown_customers == _QUARANTINE:
            return found
        first = (_CUSTOMERS, _TRANSACTIONS)
        return {name: found[name] for name in (*first, *found) if name in found}

    def contract(self, entity: str) -> Table:
        """Return the contract of an entity, with the warnings that reject its records here."""
        mapping = self.entities.get(entity)
        return replace(ENTITIES[entity], rejects=mapping.reject if mapping else ())

    @property
    def derives_customers(self) -> bool:
        """Whether the shop has no records of customers, so that its transactions define them."""
        return _CUSTOMERS not in self.with_files

    @property
    def derives_any(self) -> bool:
        """Whether customers who are in no customers file are derived, or all customers are."""
        return self.derives_customers or self.derives_unknown

    @property
    def derives_unknown(self) -> bool:
        """Whether customers who are not in the shop's customers files are derived."""
        return not self.derives_customers and self.unknown_customers != _QUARANTINE

    @property
    def kind(self) -> Kind:
        """Kind of place of all records of the source."""
        return next(mapping.kind for mapping in self.with_files.values() if mapping.kind)

    @model_validator(mode="before")
    @classmethod
    def _gather_entities(cls, raw: dict[str, Any]) -> dict[str, Any]:
        shared = {"no_value": raw["no_value"]} if "no_value" in raw else {}
        sections = {
            key: shared | raw[key] if isinstance(raw[key], dict) else raw[key]
            for key in ENTITIES
            if key in raw
        }
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
            raise ValueError("rates requires currency: add the reporting currency")
        return self

    @model_validator(mode="after")
    def _unknown_are_not_in_a_file(self) -> "Source":
        if self.unknown_customers == _QUARANTINE and self.derives_customers:
            raise ValueError(
                "unknown_customers = 'quarantine' requires customers files: add [customers] with "
                "a path, or remove it: all customers are derived from their transactions"
            )
        return self

    @model_validator(mode="after")
    def _has_one_kind_of_place(self) -> "Source":
        kinds = {mapping.kind for mapping in self.with_files.values()}
        if len(kinds) > 1:
            raise ValueError("all entities of a source are files, or topics, or feeds; not a mix")
        topics = [mapping.topic for mapping in self.with_files.values() if mapping.topic]
        if len(set(topics)) < len(topics):
            raise ValueError("each entity needs a topic of its own")
        return self

    @model_validator(mode="after")
    def _maps_contracts(self) -> "Source":
        if _TRANSACTIONS not in self.entities:
            raise ValueError("the section [transactions] is missing; add it")
        for entity, mapping in self.entities.items():
            check_columns(entity, mapping, ENTITIES[entity])
        return self


def _can_name_models(prefix: str) -> bool:
    rest = prefix.replace("_", "").replace("-", "")
    return rest.isalnum() and len(prefix) <= _LONGEST_PREFIX
