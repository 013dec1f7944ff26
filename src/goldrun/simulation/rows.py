"""Frames of an entity's rows: the columns of its contract plus working columns.

In all frames of this package, text has the type ``string[pyarrow]``, times are ``datetime64[us]``
in UTC, and decimals are integers in units of their last digit.
"""

import numpy as np
import pandas as pd

from goldrun.contracts import lineage
from goldrun.contracts.table import Table
from goldrun.simulation.draws import Ints
from goldrun.simulation.text import Text, digits

CUSTOMER = "_customer"
ROW = "_row"
"""Working columns: number of the customer, and of the row within customer and entity."""
DAY_MICROS = 86_400_000_000


def numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by customer (stable) and add ``ROW``, the row's number within its customer."""
    ordered = rows.sort_values(CUSTOMER, kind="stable", ignore_index=True)
    return ordered.assign(**{ROW: ordered.groupby(CUSTOMER).cumcount().to_numpy()})


def times(micros: Ints) -> "pd.Series[pd.Timestamp]":
    """Convert microseconds since 1970 to times."""
    return pd.Series(micros.astype("datetime64[us]"))


def micros_of(rows: pd.DataFrame, column: str) -> Ints:
    """Convert a column of times to microseconds since 1970; undefined for null."""
    return np.asarray(rows[column].to_numpy().astype("datetime64[us]").astype(np.int64))


def customer_ids(customer: Ints) -> Text:
    """Return the ``customer_id`` of each customer number."""
    return "C" + digits(customer, 8)


def current(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return the newest version of each key, with the columns of the contract."""
    newest = rows[lineage.VALID_TO].isna() if lineage.VALID_TO in rows else slice(None)
    return rows.loc[newest, list(table.names)].reset_index(drop=True)


def superseded(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return the older versions with the start and end of their validity."""
    older = rows[rows[lineage.VALID_TO].notna()]
    older = older.assign(**{lineage.VALID_FROM: older[table.versioned_by]})
    columns = [*table.names, lineage.VALID_FROM, lineage.VALID_TO]
    return older[columns].reset_index(drop=True)


def with_validity(rows: pd.DataFrame, key: str, versioned_by: str) -> pd.DataFrame:
    """Add ``valid_to``, the time of the key's next version; rows are sorted by key and time."""
    following = rows.groupby(key, sort=False)[versioned_by].shift(-1)
    return rows.assign(**{lineage.VALID_TO: following.astype("datetime64[us]")})
