"""Snapshots of the Online Retail sample, computed with pandas."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.features.catalog import purchase_features, refund_features
from goldrun.features.labels import CHURNED

DATA = Path(__file__).parents[2] / "data" / "online_retail"
Snapshot = Callable[[str], pd.DataFrame]


def _orders() -> pd.DataFrame:
    lines = pd.concat(pd.read_csv(path, dtype=str) for path in sorted(DATA.glob("*.csv.gz")))
    lines = lines[lines.CustomerID.notna()].drop_duplicates()
    quantity, price = pd.to_numeric(lines.Quantity), pd.to_numeric(lines.UnitPrice)
    priced = lines.assign(
        day=pd.to_datetime(lines.InvoiceDate).dt.normalize(), amount=quantity * price
    )[price > 0]
    by_order = priced.groupby(["CustomerID", "InvoiceNo"], as_index=False)
    orders = by_order.agg(day=("day", "min"), amount=("amount", "sum"))
    return orders.assign(is_refund=orders.InvoiceNo.str.startswith("C"))


def _mean_gap(known: Any) -> pd.Series:
    """Mean number of days between days with an order; NaN with one such day."""
    spans: pd.Series = (known.day.max() - known.day.min()).dt.days
    gaps: pd.Series = (spans / (known.day.nunique() - 1)).where(spans > 0)
    return gaps


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    """Return features and the label of the next 90 days as of a date."""
    invoices = _orders()
    orders = invoices[~invoices.is_refund]

    def as_of(text: str) -> pd.DataFrame:
        date = pd.Timestamp(text)
        window = orders.day.between(date, date + pd.Timedelta(days=90), inclusive="left")
        known = orders[orders.day < date].groupby("CustomerID")
        all_money = invoices[invoices.day < date].groupby("CustomerID").amount.sum()
        frame = pd.DataFrame(
            {
                purchase_features.PURCHASE_FREQUENCY: known.size().astype(float),
                purchase_features.TOTAL_SPEND: known.amount.sum(),
                purchase_features.RECENCY_DAYS: (date - known.day.max()).dt.days.astype(float),
                purchase_features.TENURE_DAYS: (date - known.day.min()).dt.days.astype(float),
                purchase_features.PURCHASE_GAP_MEAN_DAYS: _mean_gap(known),
            }
        )
        frame[purchase_features.AVG_TRANSACTION_VALUE] = (
            frame[purchase_features.TOTAL_SPEND] / frame[purchase_features.PURCHASE_FREQUENCY]
        )
        frame[refund_features.NET_SPEND] = all_money.round(4)
        frame[CHURNED] = (~frame.index.isin(orders.CustomerID[window])).astype(int)
        return frame.rename_axis(CUSTOMER_ID).reset_index()

    return as_of
