"""Silver views: rows joined with related rows as of their time. Computed, not stored."""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import behaviour, entities, lineage
from goldrun.contracts.stacked import stacked

_AT = "_at"
_IS_ROW = "_is_row"
_FACT = "_fact"


def transactions_enriched(
    transactions: DataFrame, customers: DataFrame, customers_history: DataFrame
) -> DataFrame:
    """Add location and customer segment, as of the transaction date, to transactions.

    A version of a customer is valid from its ``updated_at`` (inclusive) until the next version's
    (exclusive). A transaction before the first version has nulls.

    Args:
        transactions: Rows of ``silver/transactions``; any columns beside ``customer_id`` and
            ``transaction_date``.
        customers: Rows of ``silver/customers``.
        customers_history: Rows of ``silver/customers_history``.

    Returns:
        The rows of ``transactions``, each once, with ``location`` and ``customer_segment`` of the
        version valid at ``transaction_date``; null if there is none or its value is null.
    """
    known = [entities.LOCATION, entities.CUSTOMER_SEGMENT]
    current = customers.select(
        entities.CUSTOMER_ID,
        *known,
        F.col(entities.UPDATED_AT).alias(lineage.VALID_FROM),
        F.lit(None).cast("timestamp").alias(lineage.VALID_TO),
    )
    # A version that is valid for no time must not hide the version that is valid at that time.
    ever_valid = customers_history.where(F.col(lineage.VALID_FROM) < F.col(lineage.VALID_TO))
    versions = current.unionByName(
        ever_valid.select(entities.CUSTOMER_ID, *known, lineage.VALID_FROM, lineage.VALID_TO)
    )
    facts = versions.select(
        entities.CUSTOMER_ID,
        F.col(lineage.VALID_FROM).alias(_AT),
        F.struct(*known, lineage.VALID_TO).alias(_FACT),
    )
    # Of versions with the same start, only the last one to end was valid for any time.
    valid_to = F.col(f"{_FACT}.{lineage.VALID_TO}")
    found = _with_latest_fact(
        transactions, entities.TRANSACTION_DATE, facts, valid_to.asc_nulls_last()
    )
    still_valid = valid_to.isNull() | (F.col(entities.TRANSACTION_DATE) < valid_to)
    return found.select(
        *transactions.columns,
        *[F.when(still_valid, F.col(f"{_FACT}.{name}")).alias(name) for name in known],
    )


def events_enriched(events: DataFrame, sessions: DataFrame) -> DataFrame:
    """Add device type, start and end of the session to events.

    Args:
        events: Rows of ``silver/events``.
        sessions: Rows of ``silver/sessions``.

    Returns:
        The rows of ``events``, each once, with ``device_type``, ``session_start`` and
        ``session_end`` of the event's session. All three are null when the event has no session,
        when it is unknown, and when it belongs to another customer.
    """
    key = [entities.CUSTOMER_ID, behaviour.SESSION_ID]
    added = [behaviour.DEVICE_TYPE, behaviour.SESSION_START, behaviour.SESSION_END]
    joined = events.join(sessions.select(*key, *added), key, "left")
    return joined.select(*events.columns, *added)


def interactions_enriched(interactions: DataFrame, transactions: DataFrame) -> DataFrame:
    """Add the customer's preceding order to interactions.

    Args:
        interactions: Rows of ``silver/interactions``.
        transactions: Rows of ``silver/transactions``.

    Returns:
        The rows of ``interactions``, each once, with ``order_id`` and ``transaction_date`` of the
        customer's latest completed transaction until ``interaction_date``; of several at one time
        the one with the smallest ``transaction_id``. Both are null when there is none.
    """
    added = [entities.ORDER_ID, entities.TRANSACTION_DATE]
    completed = transactions.where(F.col(entities.TRANSACTION_STATUS) == entities.COMPLETED)
    facts = completed.select(
        entities.CUSTOMER_ID,
        F.col(entities.TRANSACTION_DATE).alias(_AT),
        F.struct(*added, entities.TRANSACTION_ID).alias(_FACT),
    )
    smallest_last = F.col(f"{_FACT}.{entities.TRANSACTION_ID}").desc()
    found = _with_latest_fact(interactions, behaviour.INTERACTION_DATE, facts, smallest_last)
    return found.select(
        *interactions.columns, *[F.col(f"{_FACT}.{name}").alias(name) for name in added]
    )


def _with_latest_fact(
    rows: DataFrame, at: str, facts: DataFrame, last_wins: SparkColumn
) -> DataFrame:
    """Add the customer's latest fact at or before its time to each row.

    Rows and facts are stacked and read once in order of time, so the work grows with their number
    and not with its square, and no row is returned twice.

    Args:
        rows: Rows with ``customer_id`` and a time.
        at: Name of the time.
        facts: ``customer_id``, ``_at`` and ``_fact``, a struct that is never null.
        last_wins: Sort order of facts of one customer at one time; the last one in it is taken.

    Returns:
        ``rows`` and ``_fact``, null if there is none.
    """
    both = stacked(
        [
            rows.withColumns({_AT: F.col(at), _IS_ROW: F.lit(1)}),
            facts.withColumn(_IS_ROW, F.lit(0)),
        ]
    )
    until_now = (
        Window.partitionBy(entities.CUSTOMER_ID)
        .orderBy(_AT, _IS_ROW, last_wins)
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    latest = F.last(_FACT, ignorenulls=True).over(until_now)
    return both.withColumn(_FACT, latest).where(F.col(_IS_ROW) == 1)
