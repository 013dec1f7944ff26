"""Marketplaces whose transactions were corrected later: all versions, and those known on a date."""

import random
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts import entities, lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.features.silver_tables import Silver
from tests.features.markets import Market, Row, frame, silver_of

_STATUSES = (entities.COMPLETED, "pending", entities.CANCELLED, "refunded")
_HISTORY = (lineage.RECORD_ID, lineage.VALID_FROM, lineage.VALID_TO)


def corrected(row: Row, draw: random.Random) -> list[Row]:
    """Up to three versions of a transaction, oldest first; most transactions have one."""
    versions, times = [row], {row["transaction_date"]}
    for _ in range(draw.choice((0, 0, 0, 1, 1, 2))):
        made = dict(draw.choice(versions))
        made["updated_at"] = row["transaction_date"] + timedelta(
            days=draw.choice((-1, 0, 0, 1, 2, 29, 45, 200)), hours=draw.randrange(24), seconds=1
        )
        made["transaction_status"] = draw.choice(_STATUSES)
        if draw.random() < 0.3:
            made["amount"] = Decimal(draw.randrange(1, 900)) / 100
        if draw.random() < 0.2:
            made["product_id"] = draw.choice(("p1", "p2", None))
        if draw.random() < 0.2:
            made["order_id"] = made["order_id"][:-1] + draw.choice("123")
        if draw.random() < 0.2:
            made["transaction_date"] += timedelta(days=draw.choice((-2, -1, 1, 3)))
        if draw.random() < 0.1:
            made["customer_id"] = made["customer_id"][:-3] + draw.choice(("ann", "ben"))
        if made["transaction_status"] not in (entities.CANCELLED, "refunded"):
            # The contract rejects other transactions with a negative amount.
            made["amount"] = abs(made["amount"])
        if made["updated_at"] not in times:
            times.add(made["updated_at"])
            versions.append(made)
    if draw.random() < 0.2:
        # First exported late: the oldest version that is known.
        oldest = min(versions, key=lambda version: version["updated_at"])
        oldest["updated_at"] -= timedelta(hours=1, seconds=draw.randrange(3600))
    return sorted(versions, key=lambda version: version["updated_at"])


def corrected_market(market: Market, seed: int) -> Market:
    """Return the marketplace with several versions of some transactions."""
    draw = random.Random(seed)
    versions = [
        version | {lineage.RECORD_ID: f"{row['transaction_id']}/{n}"}
        for row in market["transactions"]
        for n, version in enumerate(corrected(row, draw))
    ]
    return market | {"transactions": versions}


def versions_by_key(rows: Sequence[Row]) -> list[list[Row]]:
    """Group the versions by transaction, oldest first."""
    by_key: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["updated_at"]):
        by_key.setdefault(row["transaction_id"], []).append(row)
    return list(by_key.values())


def known_on(market: Market, as_of: date | None, zone: str) -> Market:
    """Keep the version of each transaction that was known before a date; the current one if None.

    The oldest version is known from the day of the transaction on, the others from their own.
    """

    def known_from(row: Row, is_oldest: bool) -> date:
        at = row["transaction_date"] if is_oldest else row["updated_at"]
        day: date = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
        return day

    kept = []
    for versions in versions_by_key(market["transactions"]):
        known = [
            row
            for n, row in enumerate(versions)
            if as_of is None or known_from(row, is_oldest=not n) < as_of
        ]
        kept += known[-1:]
    return market | {"transactions": kept}


def silver_with_history(
    spark: SparkSession, market: Market, *without: str, zone: str = "UTC"
) -> Silver:
    """Make the silver tables: the newest version of each transaction, and the history."""
    current, history = [], []
    for versions in versions_by_key(market["transactions"]):
        current.append(versions[-1])
        for row, following in pairwise(versions):
            validity = {
                lineage.VALID_FROM: row["updated_at"],
                lineage.VALID_TO: following["updated_at"],
            }
            history.append(row | validity)
    silver = silver_of(spark, market | {"transactions": []}, *without, zone=zone)
    return Silver(
        **{
            **vars(silver),
            "transactions": _frame(spark, current, lineage.RECORD_ID),
            "transactions_history": _frame(spark, history, *_HISTORY),
        }
    )


def _frame(spark: SparkSession, rows: Sequence[Row], *more: str) -> DataFrame:
    return frame(spark, TRANSACTIONS, rows, *more)
