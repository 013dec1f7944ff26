"""Propose the mapping of an entity from profiles of its columns."""

from collections.abc import Mapping

import pandas as pd

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.time_formats import ISO
from goldrun.medallion.proposal import transactions
from goldrun.medallion.proposal.names import assign, only_time
from goldrun.medallion.proposal.profile import Profile
from goldrun.medallion.proposal.section import Mapped, Section, number, quoted


def propose_section(entity: str, columns: Mapping[str, Profile], texts: pd.DataFrame) -> Section:
    """Propose the mapping of an entity.

    Args:
        entity: Name of the entity.
        columns: Profiles of the columns of its files.
        texts: The first rows.
    """
    found = assign(entity, columns)
    if entity == "transactions":
        found = transactions.money_of_rows(found | only_time(found, columns), texts)
    times = {name: each for name, each in found.items() if _is_time(entity, name)}
    mapped = {name: _plain(entity, name, each) for name, each in found.items()}
    buyer = found.get(CUSTOMER_ID)
    without = 1 - buyer.filled / buyer.rows if buyer is not None else 0.0
    section = Section(mapped, *_formats(times), without_customer=without)
    if entity == "transactions":
        transactions.complete(section, found, columns, texts)
    return section


def _is_time(entity: str, column: str) -> bool:
    return ENTITIES[entity].column(column).type.simpleString() == "timestamp"


def _plain(entity: str, name: str, column: Profile) -> Mapped:
    contract = ENTITIES[entity].column(name)
    is_text = contract.type.simpleString() == "string"
    expression = quoted(column.name) if is_text or _is_time(entity, name) else number(column)
    if is_text and column.as_decimals:
        # If some rows have no id, spreadsheets and data frames write ids as decimals.
        expression = f"cast(try_cast({expression} as double) as bigint)"
    missing = column.rows - column.filled
    lacks = f"; {missing:,} of {column.rows:,} rows have none" if missing else ""
    distinct = f"{column.distinct:,} different{lacks}"
    if column.times is not None and column.times.ambiguous and _is_time(entity, name):
        return Mapped(expression, distinct, "Is the day or the month first? Both read all of them.")
    return Mapped(expression, distinct)


def _formats(times: Mapping[str, Profile]) -> tuple[tuple[str, ...], bool]:
    """Return the formats of all times, each once, and whether all have a zone."""
    found = [each.times for each in times.values() if each.times is not None]
    formats = tuple(dict.fromkeys(name for each in found for name in each.formats))
    return (() if formats == (ISO,) else formats), all(each.zoned for each in found)
