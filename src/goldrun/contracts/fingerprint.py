"""Fingerprints of the settings that records are read and accepted under."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.file_settings import FileSettings
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Severity, Standard, Table
from goldrun.contracts.value_words import NO_VALUE, no_value_form

_VERSION = 2
"""To be raised when other values are accepted for the same settings and contract."""
_LENGTH = 12
_DEFINITIONS = {"csv": "csv (RFC 4180)", "json": "json (lines or documents)"}
"""Which text of a file is a record, by format."""
_CUSTOMERS, _TRANSACTIONS = "customers", "transactions"
Rate = tuple[str, date, Decimal]


@dataclass(frozen=True)
class Fingerprint:
    """The settings that decide the fates of an entity's records, each as a short text.

    A setting that the entity does not depend on is empty.

    Attributes:
        mapping: Hash of the expressions, of the formats of times, of the settings of values, and of
            the entities whose records are referred to.
        timezone: Zone of times that carry none.
        phone_region: Region of telephone numbers without country code.
        currency: Reporting currency.
        rates: Hash of the exchange rates that begin at ``rates_until`` or earlier.
        rates_until: Day of the ingestion, by the shop's calendar, as 2025-01-31. Later rates apply
            to later records.
        rules: Hash of the contract: columns, standard forms, rules and references.
    """

    mapping: str
    timezone: str
    phone_region: str
    currency: str
    rates: str
    rates_until: str
    rules: str

    @property
    def id(self) -> str:
        """Hash of all settings; equal if the same records are accepted with equal values."""
        return _hash(asdict(replace(self, rates_until="")))

    def changes_to(self, other: "Fingerprint") -> list[str]:
        """Return the names of the settings that differ in another fingerprint.

        ``other`` has the rates that begin at ``rates_until`` of this one (``fingerprint_of``).
        """
        one, two = asdict(self), asdict(other)
        return [name for name in one if name != "rates_until" and one[name] != two[name]]


def fingerprint_of(
    source: Source, entity: str, rates: Sequence[Rate], rates_until: str
) -> Fingerprint:
    """Return the fingerprint of an entity's records under the current settings and contract.

    Args:
        source: The shop.
        entity: Name of an entity with files.
        rates: The source's exchange rates: currency, first day and rate.
        rates_until: See ``Fingerprint``.
    """
    mapping = source.with_files[entity]
    has_money = entity == _TRANSACTIONS
    known = sorted(
        (code, since.isoformat(), str(rate.normalize()))
        for code, since, rate in rates
        if since.isoformat() <= rates_until
    )
    return Fingerprint(
        mapping=_hash(
            {
                "columns": dict(mapping.columns),
                "times": mapping.timestamp_format,
                "parents": _parents(source, entity),
                **_declared_values(mapping),
            }
        ),
        timezone=source.zone if source.timezone else "",
        phone_region=(source.phone_region or "") if _has_phones(entity, mapping) else "",
        currency=(source.currency or "") if has_money else "",
        rates=_hash(known) if has_money and source.rates else "",
        rates_until=rates_until if has_money and source.rates else "",
        rules=_hash(_accepting_parts(source.contract(entity))),
    )


def read_by_lines(reading: str) -> str:
    """Return the description of a reading from when each line of CSV and JSON was a record."""
    for name, definition in _DEFINITIONS.items():
        reading = reading.replace(definition, name)
    return reading


def reading_of(settings: FileSettings) -> str:
    """Describe the settings with which files are read; equal if they give equal records."""
    name = _DEFINITIONS.get(settings.format, settings.format)
    if settings.format == "csv":
        delimiter = settings.delimiter_of(settings.path or "")
        return f"{name}, delimiter {delimiter!r}, encoding {settings.encoding}"
    given = {"sheet": settings.sheet, "each": settings.each}
    parts = [f"{key} {value!r}" for key, value in given.items() if value is not None]
    return ", ".join([name, *parts])


def _declared_values(mapping: EntityMapping) -> dict[str, object]:
    """Return the settings of values that are not the defaults, so that these change no hash."""
    found: dict[str, object] = {}
    if mapping.values:
        found["values"] = mapping.values
    if mapping.extra_digits != "reject":
        found["extra_digits"] = mapping.extra_digits
    if mapping.no_value != NO_VALUE:
        found["no_value"] = sorted({no_value_form(text) for text in mapping.no_value})
    return found


def reading_with_context(
    mapping: EntityMapping, joined: Mapping[str, str], *, numbered: bool
) -> str:
    """Describe the settings and joined files that the records of an entity are made from.

    Args:
        mapping: The entity's mapping.
        joined: Hash of the content of each joined file, by the name of the join.
        numbered: Whether the mapping reads the number of a row.

    Returns:
        ``reading_of``, and what the records have beside the cells of their own line.
    """
    parts = [reading_of(mapping)]
    if (mapping.fill_down or mapping.join) and mapping.no_value != NO_VALUE:
        forms = sorted({no_value_form(text) for text in mapping.no_value})
        parts.append(f"no value {', '.join(map(repr, forms)) or 'at all'}")
    if numbered:
        parts.append("rows numbered")
    if mapping.fill_down is not None:
        columns = ", ".join(map(repr, sorted(mapping.fill_down.columns)))
        parts.append(f"{columns} filled down by {mapping.fill_down.by!r}")
    for name, join in sorted(mapping.join.items()):
        pair = f"{join.key!r} = {join.joined_key!r}"
        form = reading_of(join.form)
        parts.append(f"joined {name} on {pair} ({form}, content {joined[name][:_LENGTH]})")
    return ", ".join(parts)


def _parents(source: Source, entity: str) -> list[str]:
    """Return the entities with records that a record of the entity must refer to."""
    references = ENTITIES[entity].references
    named = {each.entity for each in references if each.severity is Severity.REJECT}
    known = {*source.with_files}
    if not source.derives_any:
        return sorted(named & known)
    if entity == _TRANSACTIONS:
        return sorted(named & known - {_CUSTOMERS})
    return sorted(named & known | ({_TRANSACTIONS} if named else set()))


def _has_phones(entity: str, mapping: EntityMapping) -> bool:
    columns = ENTITIES[entity].columns
    return any(c.standard is Standard.PHONE and c.name in mapping.columns for c in columns)


def _accepting_parts(table: Table) -> list[object]:
    """Return the parts of a contract to hash: those that decide a record's fate or a value."""
    columns: Iterable[object] = (
        (c.name, c.type.simpleString(), c.required, c.default, c.allowed, c.standard, c.synonyms)
        for c in table.columns
    )
    rules = sorted((r.name, r.holds) for r in table.rules_of(Severity.REJECT))
    never_emptied = [c.name for c in table.columns if c.never_emptied]
    references = sorted(
        (r.name, r.column, r.entity) for r in table.references if r.severity is Severity.REJECT
    )
    keys = (table.key, table.versioned_by, table.immutable_since)
    emptied = [never_emptied, sorted(table.rejects)]
    return [_VERSION, *columns, rules, references, keys, emptied]


def _hash(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
