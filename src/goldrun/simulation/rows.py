"""Rows on their way from the process to the files: an entity's contract columns and some more.

In all frames of the room text is pandas text, times are ``datetime64[us]`` in UTC and decimals are
whole numbers in units of their last digit; null is null.
"""

import numpy as np
import pandas as pd

from goldrun.contracts import lineage
from goldrun.contracts.table import Table
from goldrun.simulation.draws import Ints
from goldrun.simulation.text import Text, digits

WHO = "_who"
ROW = "_row"
"""Number of the customer, and of the row among the customer's rows of the entity."""
DAY_MICROS = 86_400_000_000


def numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Order rows by customer and number each customer's rows, in the order they were made in."""
    ordered = rows.sort_values(WHO, kind="stable", ignore_index=True)
    return ordered.assign(**{ROW: ordered.groupby(WHO).cumcount().to_numpy()})


def times(micros: Ints) -> "pd.Series[pd.Timestamp]":
    """Turn microseconds since 1970 into times."""
    return pd.Series(micros.astype("datetime64[us]"))


def micros_of(rows: pd.DataFrame, column: str) -> Ints:
    """Turn a column of times into microseconds since 1970; any number where it is null."""
    return np.asarray(rows[column].to_numpy().astype("datetime64[us]").astype(np.int64))


def customer_ids(who: Ints) -> Text:
    """The identity of each customer."""
    return "C" + digits(who, 8)


def current(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The newest version of each key, with the contract's columns."""
    newest = rows[lineage.VALID_TO].isna() if lineage.VALID_TO in rows else slice(None)
    return rows.loc[newest, list(table.names)].reset_index(drop=True)


def superseded(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The older versions, each with the time it was valid."""
    older = rows[rows[lineage.VALID_TO].notna()]
    older = older.assign(**{lineage.VALID_FROM: older[table.versioned_by]})
    columns = [*table.names, lineage.VALID_FROM, lineage.VALID_TO]
    return older[columns].reset_index(drop=True)


def with_validity(rows: pd.DataFrame, key: str, versioned_by: str) -> pd.DataFrame:
    """Add the time of the next version to rows that are in order of key and time."""
    following = rows.groupby(key, sort=False)[versioned_by].shift(-1)
    return rows.assign(**{lineage.VALID_TO: following.astype("datetime64[us]")})
