"""Find what belongs to an order and not to its rows: values on its first row, and its total."""

from collections.abc import Mapping, Sequence

import pandas as pd

from goldrun.medallion.proposal.profile import Profile, decimal_text

_NEARLY_ALL = 0.95
BASKET = ("customer_id", "transaction_date")
"""Contract columns whose values a basket shares."""
_ROWS_OF_A_BASKET = 1.2
_LEAST_ORDERS = 3
"""Number of orders of several rows from which on a pattern is one."""


def filled_on_first_row(texts: pd.DataFrame, order: str) -> list[str]:
    """Find the columns that only the first row of an order has a value in.

    Args:
        texts: Text columns in the order of the file; null is no value.
        order: Column of the order's id.
    """
    several = texts[texts[order].notna() & texts.duplicated(order, keep=False)]
    is_first = ~several.duplicated(order)
    if is_first.sum() < _LEAST_ORDERS:
        return []
    first, later = several[is_first], several[~is_first]
    return [
        str(name)
        for name in texts.columns
        if name != order
        and first[name].notna().mean() > 0
        and later[name].notna().mean() <= (1 - _NEARLY_ALL) * first[name].notna().mean()
    ]


def fill_down(texts: pd.DataFrame, order: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows with empty cells of some columns filled from the order's earlier rows."""
    filled = texts.groupby(order, sort=False)[list(columns)].ffill()
    return texts.assign(**{name: texts[name].fillna(filled[name]) for name in columns})


def is_product(texts: pd.DataFrame, amount: Profile, quantity: Profile, price: Profile) -> bool:
    """Whether the amount of nearly all rows is quantity times price, to a cent."""
    numbers = [_numbers(texts, each) for each in (amount, quantity, price)]
    known = numbers[0].notna() & numbers[1].notna() & numbers[2].notna()
    if not known.any():
        return False
    off = (numbers[0] - numbers[1] * numbers[2]).abs()[known]
    return bool((off < 0.011).mean() >= _NEARLY_ALL)


def is_of_whole_order(texts: pd.DataFrame, amount: Profile, order: Profile) -> bool:
    """Whether nearly all orders of several rows have the same amount on each of them."""
    rows = texts[[order.name]].assign(amount=_numbers(texts, amount)).dropna()
    several = rows[rows.duplicated(order.name, keep=False)]
    if several[order.name].nunique() < _LEAST_ORDERS:
        return False
    return bool((several.groupby(order.name)["amount"].nunique() == 1).mean() >= _NEARLY_ALL)


def are_key(texts: pd.DataFrame, order: Profile, product: Profile) -> bool:
    """Whether no two rows have the same order and product, and every row has both."""
    names = [order.name, product.name]
    return bool(texts[names].notna().all(axis=None)) and not texts.duplicated(names).any()


def have_baskets(texts: pd.DataFrame, found: Mapping[str, Profile]) -> bool:
    """Whether times are days and customers have several rows a day; for rows without order."""
    if not all(name in found for name in BASKET):
        return False
    names = [found[name].name for name in BASKET]
    days = texts[names].dropna()
    dates = days[names[1]].str.strip()
    if days.empty or dates.str.contains(r"\d:\d").any():
        return False
    return len(days) / len(days.drop_duplicates()) >= _ROWS_OF_A_BASKET


def _numbers(texts: pd.DataFrame, column: Profile) -> "pd.Series[float]":
    numbers: pd.Series[float] = pd.to_numeric(
        decimal_text(texts[column.name], column), errors="coerce"
    )
    return numbers
