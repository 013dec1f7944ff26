"""Propose what transactions have beside plain columns: key, money, status, currency."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from goldrun.contracts.currencies import CURRENCIES
from goldrun.contracts.entities import COMPLETED, REFUNDED, STATUSES, TRANSACTIONS
from goldrun.medallion.proposal import orders
from goldrun.medallion.proposal.profile import Profile
from goldrun.medallion.proposal.section import Mapped, Section, number, quoted
from goldrun.medallion.proposal.status_words import status_of

ROW = "concat(_file, '-', _row)"
"""Id of a row by its place, if no column has one."""
_DECIMAL = "decimal(18,4)"


def money_of_rows(found: dict[str, Profile], texts: pd.DataFrame) -> dict[str, Profile]:
    """Leave out an amount that is the total of an order, if its rows have prices."""
    amount, order = found.get("amount"), found.get("order_id")
    quantity, price = found.get("quantity"), found.get("price")
    if amount is None or price is None or order is None or order.is_key:
        return found
    if quantity is not None and orders.is_product(texts, amount, quantity, price):
        return found
    is_total = orders.is_of_whole_order(texts, amount, order)
    return {name: each for name, each in found.items() if name != "amount" or not is_total}


def complete(
    section: Section,
    found: Mapping[str, Profile],
    columns: Mapping[str, Profile],
    texts: pd.DataFrame,
) -> None:
    """Add to the columns of transactions what is made from several of them, or from none.

    Args:
        section: The section with the columns that have a file column of their own.
        found: Profile of the file column, by contract column.
        columns: Profiles of all file columns.
        texts: The first rows.
    """
    mapped = section.columns
    mapped["transaction_id"] = _key(found, columns, texts)
    if "order_id" not in mapped and orders.have_baskets(texts, found):
        names = ", '-', ".join(quoted(found[name].name) for name in orders.BASKET)
        mapped["order_id"] = Mapped(
            f"concat({names})", "no column of an order", "Is a customer's day one order?"
        )
    key = mapped["transaction_id"].expression
    if "order_id" in mapped and mapped["order_id"].expression == key:
        del mapped["order_id"]
    if "customer_id" not in mapped:
        mapped["customer_id"] = Mapped(
            "''", question="Which column identifies the customer? Nothing can be accepted without."
        )
    _money(section, found, texts)
    _status(section, found)
    if "transaction_date" not in mapped:
        mapped["transaction_date"] = Mapped("''", question="Which column is the time of purchase?")
    currency = found.get("currency")
    if currency is not None:
        _currency(section, currency)


def _currency(section: Section, column: Profile) -> None:
    if _is_currency(column):
        section.currencies.extend(sorted({word.upper() for word, _ in column.words}))
        return
    section.columns["currency"] = Mapped(
        quoted(column.name),
        section.columns["currency"].note,
        "These are no ISO 4217 codes: declare them under [transactions.values.currency].",
    )


def _is_currency(column: Profile) -> bool:
    return bool(column.words) and all(word.upper() in CURRENCIES for word, _ in column.words)


def _key(
    found: Mapping[str, Profile], columns: Mapping[str, Profile], texts: pd.DataFrame
) -> Mapped:
    """Propose the key: the named column, else another unique one, else the place of the row."""
    named = found.get("transaction_id")
    if named is not None and named.is_key:
        return Mapped(quoted(named.name), f"unique in all {named.rows:,} rows")
    ids = re.compile(r"(?i).*(\bid|_id|[a-z]Id|no|nr|number|code|name|key|ref)$")
    unique = [each for each in columns.values() if each.is_key and ids.fullmatch(each.name)]
    order = found.get("order_id")
    if order is not None and order.is_key:
        unique = [order]
    if unique:
        return Mapped(quoted(unique[0].name), f"unique in all {unique[0].rows:,} rows")
    product = found.get("product_id")
    if order is not None and product is not None and orders.are_key(texts, order, product):
        pair = f"concat({quoted(order.name)}, '-', {quoted(product.name)})"
        return Mapped(pair, f"unique in all {order.rows:,} rows, as no column is alone")
    return Mapped(
        ROW,
        "no column is unique: a row is identified by its file and its number",
        "Is an export ever overwritten or split anew? Then rows need an id of their own: without "
        "one, write a hash of the row, of which equal rows count once.",
    )


def _money(section: Section, found: Mapping[str, Profile], texts: pd.DataFrame) -> None:
    """Propose quantity, price and amount, each from the others if it has no column."""
    mapped = section.columns
    quantity, price, amount = (found.get(name) for name in ("quantity", "price", "amount"))
    if quantity is None:
        mapped["quantity"] = Mapped("'1'", "no column of pieces: one a row")
    if amount is None and price is not None:
        pieces = f"try_cast({number(quantity)} as {_DECIMAL}) * " if quantity else ""
        mapped["amount"] = Mapped(
            f"{pieces}try_cast({number(price)} as {_DECIMAL})",
            "" if quantity else "the price is what is paid for the row",
            "" if quantity else "Is the price of a piece all that is paid for a row?",
        )
    if amount is None and price is None:
        mapped["amount"] = Mapped(
            "'0'", question="Which column is the money paid for a row? With 0, only orders count."
        )
    order = found.get("order_id")
    if amount is not None and order is not None and orders.is_of_whole_order(texts, amount, order):
        section.questions.append(
            f"Is {amount.name} the money of the row, or of its whole order? Each row's is added up."
        )


def _status(section: Section, found: Mapping[str, Profile]) -> None:
    status = found.get("transaction_status")
    if status is None:
        section.columns["transaction_status"] = _without_status(found)
        return
    listed = ", ".join(f"{word} {rows:,}" for word, rows in status.words)
    unknown = _unknown_words(status.words)
    section.columns["transaction_status"] = Mapped(quoted(status.name), listed)
    if not status.words:
        section.columns["transaction_status"] = Mapped(
            f"'{COMPLETED}'",
            f"{status.name} has {status.distinct:,} different values, too many for a status",
            "Which rows are cancelled or refunded?",
        )
    if unknown:
        section.values["transaction_status"] = {word: status_of(word) for word in unknown}
        section.questions.append(
            f"What do these words of {status.name} mean? One of {', '.join(STATUSES)}: see "
            "[transactions.values.transaction_status]. Rows with others are rejected."
        )


def _unknown_words(words: Sequence[tuple[str, int]]) -> list[str]:
    contract = TRANSACTIONS.column("transaction_status")
    known = {*contract.allowed, *(synonym for synonym, _ in contract.synonyms)}
    return [word for word, _ in words if re.sub(r"[\s_-]+", "_", word.lower()) not in known]


def _without_status(found: Mapping[str, Profile]) -> Mapped:
    """Propose a status from negative numbers, or completed for all rows."""
    for name in ("quantity", "amount"):
        column = found.get(name)
        if column is not None and column.negative:
            value = f"try_cast({number(column)} as {_DECIMAL})"
            return Mapped(
                f"if({value} < 0, '{REFUNDED}', '{COMPLETED}')",
                f"{column.negative:.1%} of {column.name} are negative: money paid back",
            )
    return Mapped(
        f"'{COMPLETED}'", "no column of a status", "Are there cancelled or refunded rows?"
    )
