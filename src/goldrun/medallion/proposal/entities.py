"""Recognise the entities of a shop in groups of files with the same columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from goldrun.contracts.marketplace import ENTITIES
from goldrun.medallion.mapping import columns_needed
from goldrun.medallion.proposal.mapping import propose_section
from goldrun.medallion.proposal.names import assign
from goldrun.medallion.proposal.orders import fill_down, filled_on_first_row
from goldrun.medallion.proposal.profile import Profile, profile
from goldrun.medallion.proposal.section import Section

_TRANSACTIONS, _CUSTOMERS = "transactions", "customers"
JOIN = "orders"
"""Name of the join of orders to their items."""
_MOSTLY = 0.9


@dataclass(frozen=True, eq=False)
class Group:
    """Files with the same columns.

    Attributes:
        name: What the files are called in comments.
        texts: Their first rows as text; null is no value.
        columns: Profiles of the columns.
    """

    name: str
    texts: pd.DataFrame
    columns: Mapping[str, Profile]

    @classmethod
    def of(cls, name: str, texts: pd.DataFrame) -> "Group":
        """Profile the columns of some rows."""
        return cls(name, texts, profile(texts))


@dataclass(frozen=True)
class Recognised:
    """An entity in a group of files.

    Attributes:
        group: The files of its records.
        section: Its mapping.
        joined: Files that are joined to them; None if none are.
        on: Column of the records and column of the joined files with the same key.
        filled: Columns that are filled down within an order, and the order's column.
    """

    group: Group
    section: Section
    joined: Group | None = None
    on: tuple[str, str] = ("", "")
    filled: tuple[str, Sequence[str]] = ("", ())

    @property
    def groups(self) -> list[Group]:
        """The files of its records, and those that are joined to them."""
        return [self.group, *([self.joined] if self.joined is not None else [])]


def recognise(groups: Sequence[Group]) -> dict[str, Recognised]:
    """Find the entity of each group of files; groups that are none are left out.

    Args:
        groups: The groups; largest first is not required.
    """
    found: dict[str, Recognised] = {}
    rest = list(groups)
    for entity in ("sessions", "events", "interactions"):
        group = next((each for each in rest if _has_required(entity, each)), None)
        if group is not None:
            found[entity] = Recognised(group, propose_section(entity, group.columns, group.texts))
            rest.remove(group)
    transactions = _transactions(rest)
    if transactions is not None:
        found[_TRANSACTIONS] = transactions
        rest = [each for each in rest if each not in transactions.groups]
    customers = next((each for each in rest if _is_customers(each)), None)
    if customers is not None and transactions is not None:
        section = propose_section(_CUSTOMERS, customers.columns, customers.texts)
        found[_CUSTOMERS] = Recognised(customers, section)
    return {entity: found[entity] for entity in ENTITIES if entity in found}


def _has_required(entity: str, group: Group) -> bool:
    names = assign(entity, group.columns)
    required = [c.name for c in ENTITIES[entity].columns if c.required and c.default is None]
    return all(name in names for name in required)


def _transactions(groups: Sequence[Group]) -> Recognised | None:
    """Find the rows that were sold: in files of their own, or items with their orders beside."""
    joined = _items_and_orders(groups)
    if joined is not None:
        return joined
    scored = [(_score(each), each) for each in groups]
    if not scored:
        return None
    score, best = max(scored, key=lambda each: (each[0], each[1].texts.shape[0]))
    return _alone(best) if score >= 2 or len(groups) == 1 else None


def _score(group: Group) -> int:
    names = assign(_TRANSACTIONS, group.columns)
    has_money = "amount" in names or "price" in names
    return has_money * 2 + ("transaction_date" in names) + ("customer_id" in names)


def _alone(group: Group) -> Recognised:
    order = assign(_TRANSACTIONS, group.columns).get("order_id")
    names = filled_on_first_row(group.texts, order.name) if order is not None else []
    if order is None or not names:
        section = propose_section(_TRANSACTIONS, group.columns, group.texts)
        return Recognised(group, section)
    filled = Group.of(group.name, fill_down(group.texts, order.name, names))
    section = propose_section(_TRANSACTIONS, filled.columns, filled.texts)
    read = columns_needed({k: each.expression for k, each in section.columns.items()}, "proposed")
    used = [name for name in names if name in read]
    return Recognised(group, section, filled=(order.name, used))


def _items_and_orders(groups: Sequence[Group]) -> Recognised | None:
    """Recognise transactions in two groups of files: items with values, and orders with buyers.

    Items that have date and customer themselves need no orders.
    """
    for items in groups:
        found = assign(_TRANSACTIONS, items.columns)
        has_values = "price" in found or "quantity" in found or "amount" in found
        is_complete = "transaction_date" in found and "customer_id" in found
        if not has_values or is_complete:
            continue
        for orders in groups:
            pair = _key_of(items, orders)
            if orders is not items and pair is not None and _has_buyers(orders):
                return _joined(items, orders, pair)
    return None


def _has_buyers(orders: Group) -> bool:
    names = assign(_TRANSACTIONS, orders.columns)
    return "transaction_date" in names and "customer_id" in names


def _key_of(items: Group, orders: Group) -> tuple[str, str] | None:
    """Return the column of the items and the key of the orders whose values it has."""
    pairs = []
    for key in (each for each in orders.columns.values() if each.is_key):
        known = set(orders.texts[key.name])
        for name in items.columns:
            values = items.texts[name].dropna()
            if len(values) and values.isin(known).mean() >= _MOSTLY:
                pairs.append((name == key.name, "order" in name.lower(), name, key.name))
    return max(pairs)[2:] if pairs else None


def _joined(items: Group, orders: Group, pair: tuple[str, str]) -> Recognised:
    renamed = orders.texts.rename(columns=lambda name: f"{JOIN}.{name}")
    key = f"{JOIN}.{pair[1]}"
    texts = items.texts.merge(renamed, how="left", left_on=pair[0], right_on=key)
    both = Group.of(items.name, texts.drop(columns=[key]) if key != pair[0] else texts)
    section = propose_section(_TRANSACTIONS, both.columns, both.texts)
    return Recognised(items, section, joined=orders, on=pair)


def _is_customers(group: Group) -> bool:
    names = assign(_CUSTOMERS, group.columns)
    key = names.get("customer_id")
    return key is not None and key.is_key and len(names) > 1
