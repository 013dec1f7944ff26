"""Versions of transactions by the days on which they are known.

A transaction that is corrected later, for example refunded, has several versions. The oldest is
known from the day of the transaction, even if a shop first exports it later; each later one from
the day of its ``updated_at``. Features as of a date count the version that was known before it.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import entities, lineage
from goldrun.features.catalog import purchase_metrics
from goldrun.features.catalog.daily_metrics import DAY, KNOWN_FROM
from goldrun.medallion.days import day_of

KNOWN_UNTIL = "known_until"
"""Day from which a version is not known any more; null for the newest version."""
SIGN = "sign"
"""1 for a row that is added from ``known_from`` on, -1 for a row that is taken off."""
ORDER = [entities.CUSTOMER_ID, entities.ORDER_ID]
"""An order id is unique within a customer only."""
_ROW = [*purchase_metrics.TRANSACTION_COLUMNS, lineage.RECORD_ID]
_RANK = "_rank"
_AT = "_at"
_NEXT = "_next"


def orders_with_versions(transactions: DataFrame, history: DataFrame, zone: str) -> DataFrame:
    """Find the orders in which a transaction was changed, with all versions of their transactions.

    Args:
        transactions: Rows of ``silver/transactions``.
        history: Rows of ``silver/transactions_history``; of each transaction all or none.
        zone: Time zone of the days.

    Returns:
        ``purchase_metrics.TRANSACTION_COLUMNS``, ``day``, ``known_from`` and ``known_until``: one
        row a version of a transaction of these orders; a version that is replaced on the day from
        which it would be known is left out.
    """
    changed = _changed(transactions, history, zone)
    orders = changed.select(*ORDER).distinct()
    ids = history.select(entities.TRANSACTION_ID).distinct()
    others = transactions.join(ids, entities.TRANSACTION_ID, "left_anti")
    of_orders = others.join(orders, ORDER, "left_semi").withColumn(
        DAY, day_of(entities.TRANSACTION_DATE, zone)
    )
    never = F.lit(None).cast("date")
    unchanged = of_orders.withColumns({KNOWN_FROM: F.col(DAY), KNOWN_UNTIL: never})
    return changed.unionByName(unchanged.select(*changed.columns))


def _changed(transactions: DataFrame, history: DataFrame, zone: str) -> DataFrame:
    """Return all versions of the transactions that have a history."""
    key = entities.TRANSACTION_ID
    current = transactions.join(history.select(key).distinct(), key, "left_semi")
    # After an interruption a version may be in silver and in history; the row of history counts.
    current = current.join(history.select(lineage.RECORD_ID), lineage.RECORD_ID, "left_anti")
    versions = history.select(*_ROW, lineage.VALID_FROM, lineage.VALID_TO).unionByName(
        current.select(
            *_ROW,
            F.col(entities.UPDATED_AT).alias(lineage.VALID_FROM),
            F.lit(None).cast("timestamp").alias(lineage.VALID_TO),
        )
    )
    oldest_first = Window.partitionBy(key).orderBy(
        lineage.VALID_FROM, F.col(lineage.VALID_TO).asc_nulls_last(), lineage.RECORD_ID
    )
    is_oldest = F.col(_RANK) == 1
    updated_on = F.when(~is_oldest, day_of(lineage.VALID_FROM, zone))
    dated = versions.withColumns(
        {
            _RANK: F.row_number().over(oldest_first),
            DAY: day_of(entities.TRANSACTION_DATE, zone),
            KNOWN_UNTIL: day_of(lineage.VALID_TO, zone),
        }
    ).withColumn(KNOWN_FROM, F.greatest(F.col(DAY), updated_on))
    known = F.col(KNOWN_UNTIL).isNull() | (F.col(KNOWN_UNTIL) > F.col(KNOWN_FROM))
    return dated.where(known).select(
        *purchase_metrics.TRANSACTION_COLUMNS, DAY, KNOWN_FROM, KNOWN_UNTIL
    )


def states_of_orders(versions: DataFrame) -> DataFrame:
    """Write each state of an order as rows to add and, when the next state begins, to take off.

    A state is the set of versions of an order that are known on a day. The day on which an order
    counts depends on all of its transactions, so an order is added and taken off as a whole.

    Args:
        versions: Result of ``orders_with_versions``.

    Returns:
        ``purchase_metrics.TRANSACTION_COLUMNS`` and ``day`` with ``known_from`` and ``sign``. Of
        the rows with ``known_from`` before a date, those that are not taken off are the
        transactions that are known as of it.
    """
    begins = versions.select(*ORDER, F.col(KNOWN_FROM).alias(_AT))
    ends = versions.where(F.col(KNOWN_UNTIL).isNotNull())
    days = begins.unionByName(ends.select(*ORDER, F.col(KNOWN_UNTIL).alias(_AT))).distinct()
    in_order = Window.partitionBy(*ORDER).orderBy(_AT)
    states = days.withColumn(_NEXT, F.lead(_AT).over(in_order))
    is_known = (F.col(KNOWN_FROM) <= F.col(_AT)) & (
        F.col(KNOWN_UNTIL).isNull() | (F.col(KNOWN_UNTIL) > F.col(_AT))
    )
    known = versions.join(states, ORDER).where(is_known)
    columns = [*purchase_metrics.TRANSACTION_COLUMNS, DAY]
    added = known.select(*columns, F.col(_AT).alias(KNOWN_FROM), F.lit(1).alias(SIGN))
    ended = known.where(F.col(_NEXT).isNotNull())
    return added.unionByName(
        ended.select(*columns, F.col(_NEXT).alias(KNOWN_FROM), F.lit(-1).alias(SIGN))
    )


def known_on_its_day(rows: DataFrame) -> DataFrame:
    """Add ``known_from`` and ``sign`` to rows that are known from their ``day`` on."""
    return rows.withColumns({KNOWN_FROM: F.col(DAY), SIGN: F.lit(1)})
