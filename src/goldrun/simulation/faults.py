"""All faults that the simulator plants in records, with the expected quarantine reasons.

The reasons include warnings, which the source of the marketplace rejects.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pyspark.sql import types as T

from goldrun.contracts import behaviour, entities, quarantine_reasons
from goldrun.contracts.table import Column
from goldrun.simulation.damage import (
    BAD_BYTES,
    cut_csv,
    cut_json,
    extra_fields,
    lose_bytes,
    open_last_quote,
    open_middle_quote,
)
from goldrun.simulation.layouts import DUPLICATE, LAYOUTS, QUARANTINED, Layout
from goldrun.simulation.parameters import Settings

Fields: TypeAlias = dict[str, str | None]

_NO_NUMBERS = ("soon", "12,50")
_NO_TIMES = ("soon", "2025-02-30T10:00:00Z")
_NO_ZONE = "2025-03-01T10:00:00"
_FAR = "2999-01-01T00:00:00Z"
_DEFAULT = "1970-01-01T00:00:00Z"
_TOO_MUCH = "200000000000.00"
_NO_ADDRESSES = ("anna.example.com", "anna@", "anna@@example.com")
_NO_NUMBERS_TO_CALL = ("call me", "12", "+49 30")
_SOLD = {
    entities.TRANSACTION_STATUS: entities.COMPLETED,
    entities.QUANTITY: "1",
    entities.AMOUNT: "5.00",
}


@dataclass(frozen=True)
class Fault:
    """One fault of records of one entity.

    Attributes:
        entity: Name of the entity.
        kind: Kind of dirt, as in the option ``dirt``.
        name: Name of the fault, unique within the entity.
        reasons: Expected quarantine reasons, sorted; empty for a duplicate.
        changes: New values of the shop's columns.
        damage: Function that makes the written line malformed; None for none.
        key: ``fresh`` for a new key, ``kept`` for the original record's, ``lost`` for none.
    """

    entity: str
    kind: str
    name: str
    reasons: tuple[str, ...]
    changes: Mapping[str, str | None] = field(default_factory=dict)
    damage: Callable[[bytes], bytes] | None = None
    key: Literal["fresh", "kept", "lost"] = "fresh"

    @property
    def fate(self) -> str:
        """Expected fate of the record."""
        return QUARANTINED if self.reasons else DUPLICATE


def faults(layout: Layout, settings: Settings) -> tuple[Fault, ...]:
    """Return all faults of an entity, in a fixed order."""
    return tuple(_Catalogue(layout, settings).all())


def kinds() -> tuple[str, ...]:
    """Return the names of all kinds of dirt, sorted."""
    settings = Settings()
    found = {fault.kind for layout in LAYOUTS.values() for fault in faults(layout, settings)}
    return tuple(sorted(found))


class _Catalogue:
    """Derives the faults of one entity from its contract and layout."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        self._layout, self._table = layout, layout.table
        self._late = f"{settings.until.isoformat()}T00:00:00Z"
        """Time after all events of the simulation."""

    def all(self) -> Iterator[Fault]:
        yield self._fault("duplicate", "line", (), key="kept")
        yield from self._identity()
        yield from self._lines()
        for column in self._table.columns:
            if column.name in self._layout.columns:
                yield from self._values(column)
        yield from self._rules()

    def _fault(
        self,
        kind: str,
        name: str,
        reasons: tuple[str, ...],
        changes: Mapping[str, str | None] | None = None,
        damage: Callable[[bytes], bytes] | None = None,
        key: Literal["fresh", "kept", "lost"] = "fresh",
    ) -> Fault:
        """Make a fault; ``changes`` has columns of the contract, the fault those of the shop."""
        shop = {self._layout.columns[c]: text for c, text in (changes or {}).items()}
        entity = self._layout.entity
        return Fault(entity, kind, f"{kind}/{name}", tuple(sorted(reasons)), shop, damage, key)

    def _value(self, kind: str, column: Column, text: str | None, reason: str) -> Fault:
        """Make a fault of one column; columns that depend on it are changed to stay valid."""
        changes = self._beside(column.name) | {column.name: text}
        return self._fault(kind, f"{column.name}/{text}", (reason,), changes)

    def _beside(self, column: str) -> Fields:
        """Return valid values of the columns whose rules depend on this column."""
        if column == entities.TRANSACTION_DATE:
            return {entities.UPDATED_AT: self._late, entities.CURRENCY: "EUR"}
        if column == entities.REGISTRATION_DATE:
            return {entities.UPDATED_AT: self._late}
        if column == behaviour.SESSION_START:
            return {behaviour.SESSION_END: None}
        if column == behaviour.SESSION_END:
            return {behaviour.SESSION_DURATION: "60"}
        if column in _SOLD:
            return dict(_SOLD)
        return {}

    def _identity(self) -> Iterator[Fault]:
        """Yield the faults of a row's key, of its customer, and of values that may not change."""
        table, (key,) = self._table, self._table.key
        reason = quarantine_reasons.missing(table.column(key))
        yield self._fault("missing_key", key, (reason,), {key: None}, key="lost")
        if table.references:
            reason = quarantine_reasons.missing(table.column(entities.CUSTOMER_ID))
            yield self._fault("missing_customer", "", (reason,), {entities.CUSTOMER_ID: None})
            nobody = {entities.CUSTOMER_ID: "C-nobody"}
            yield self._fault("unknown_customer", "", (entities.CUSTOMER_UNKNOWN.name,), nobody)
        if table.immutable_since:
            later = self._beside(table.immutable_since) | {table.immutable_since: self._late}
            yield self._fault(
                "key_conflict", "", (quarantine_reasons.KEY_CONFLICT,), later, key="kept"
            )

    def _lines(self) -> Iterator[Fault]:
        malformed = (quarantine_reasons.RECORD_MALFORMED,)
        if self._layout.format == "json":
            yield self._fault("cut_line", "", malformed, damage=cut_json, key="lost")
        else:
            yield self._fault("cut_line", "", malformed, damage=cut_csv)
            yield self._fault("extra_fields", "", malformed, damage=extra_fields)
            yield self._fault("open_quote", "last", malformed, damage=open_last_quote)
            yield self._fault("open_quote", "middle", malformed, damage=open_middle_quote)
        yield self._undecodable()

    def _undecodable(self) -> Fault:
        """Make a fault in a column of free text, or in the key if there is none."""
        free = [c for c in (entities.NAME, entities.PRODUCT_ID) if c in self._layout.columns]
        column = free[0] if free else self._table.key[0]
        reasons, changes = (quarantine_reasons.RECORD_UNDECODABLE,), {column: f"X{BAD_BYTES}"}
        key: Literal["fresh", "lost"] = "fresh" if free else "lost"
        return self._fault("undecodable", column, reasons, changes, lose_bytes, key)

    def _values(self, c: Column) -> Iterator[Fault]:
        own_kind = (*self._table.key, entities.CUSTOMER_ID)
        if c.required and c.default is None and c.name not in own_kind:
            yield self._value("missing_value", c, None, quarantine_reasons.missing(c))
        if c.allowed:
            yield self._value(
                "unknown_category", c, "unheard of", quarantine_reasons.not_allowed(c)
            )
        if isinstance(c.type, T.TimestampType):
            yield from self._times(c)
        elif not isinstance(c.type, T.StringType):
            yield from self._numbers(c)

    def _times(self, c: Column) -> Iterator[Fault]:
        for text in _NO_TIMES:
            yield self._value("not_a_time", c, text, quarantine_reasons.unparsed(c))
        yield self._value("no_zone", c, _NO_ZONE, quarantine_reasons.without_zone(c))
        too_exact = f"{self._late[:-1]}.1234567Z"
        yield self._value("digits_lost", c, too_exact, quarantine_reasons.digits_lost(c))
        yield self._value("far_future", c, _FAR, entities.not_in_future(c.name).name)
        if entities.not_long_ago(c.name) in self._table.rules:
            yield self._value("default_time", c, _DEFAULT, entities.not_long_ago(c.name).name)

    def _numbers(self, c: Column) -> Iterator[Fault]:
        bare = self._layout.columns[c.name] in self._layout.bare
        for text in _NO_NUMBERS:
            word = f'"{text}"' if bare else text
            yield self._value("not_a_number", c, word, quarantine_reasons.unparsed(c))
        if c.required:
            yield self._value("nan", c, "NaN", quarantine_reasons.missing(c))
        yield self._value("infinity", c, "Infinity", quarantine_reasons.unparsed(c))
        yield self._value("infinity", c, "-Infinity", quarantine_reasons.unparsed(c))
        yield self._value("huge_number", c, "1e400", quarantine_reasons.unparsed(c))
        if isinstance(c.type, T.DecimalType):
            too_large = 10 ** (c.type.precision - c.type.scale)
            yield self._value("overflow", c, str(too_large), quarantine_reasons.unparsed(c))
            yield self._value("digits_lost", c, "9.1234567", quarantine_reasons.digits_lost(c))

    def _rules(self) -> Iterator[Fault]:
        """Yield faults that break the contracts' rules and standard forms."""
        columns, name = self._layout.columns, self._table.column
        if entities.EMAIL in columns:
            for text in _NO_ADDRESSES:
                c = name(entities.EMAIL)
                yield self._value("bad_email", c, text, quarantine_reasons.unparsed(c))
            for text in _NO_NUMBERS_TO_CALL:
                c = name(entities.PHONE)
                yield self._value("bad_phone", c, text, quarantine_reasons.unparsed(c))
        if entities.PRICE in columns:
            yield from self._money()
        if behaviour.SESSION_END in columns:
            early = {
                behaviour.SESSION_END: "2001-01-01T00:00:00Z",
                behaviour.SESSION_DURATION: "60",
            }
            reason = "session_end_before_start"
            yield self._fault("ends_before_start", "", (reason,), early)
            c, reason = name(behaviour.SESSION_DURATION), "session_duration_negative"
            yield self._value("negative_duration", c, "-5", reason)
        if behaviour.RESPONSE_TIME in columns:
            c, reason = name(behaviour.RESPONSE_TIME), "response_time_negative"
            yield self._value("negative_response", c, "-5", reason)

    def _money(self) -> Iterator[Fault]:
        price, quantity, amount = map(
            self._table.column, (entities.PRICE, entities.QUANTITY, entities.AMOUNT)
        )
        currency = self._table.column(entities.CURRENCY)
        for text, reasons in (("0", ()), ("-5.00", ("price_negative",))):
            changes = self._beside(price.name) | {price.name: text}
            found = ("price_not_positive", *reasons)
            yield self._fault("price_not_positive", f"{price.name}/{text}", found, changes)
        for text in ("0", "-3"):
            yield self._value("quantity_not_positive", quantity, text, "quantity_not_positive")
        yield self._value("amount_negative", amount, "-5.00", "amount_negative")
        for money in (price, amount):
            yield self._value("out_of_range", money, _TOO_MUCH, f"{money.name}_out_of_range")
        for text in ("euros", "ZZZ"):
            yield self._value("bad_currency", currency, text, quarantine_reasons.unparsed(currency))
        yield self._value("no_rate", currency, "CHF", quarantine_reasons.CURRENCY_WITHOUT_RATE)
