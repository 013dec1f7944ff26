"""Derive customers who are in no customers file from their transactions."""

from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities, lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.remedies import columns_at_fault
from goldrun.contracts.source import Source
from goldrun.contracts.table import Column, Severity
from goldrun.medallion.mapping import LINEAGE
from goldrun.medallion.ordering import newest_first
from goldrun.medallion.parse import parse_records
from goldrun.medallion.parsed import Parsed
from goldrun.medallion.silver import with_content_hash

_LINEAGE = (lineage.RECORD_ID, lineage.INGESTED_AT)
"""Lineage that the join with transactions and the rules read."""
_DERIVED = "derived-"
"""Beginning of the ``record_id`` of a derived customer; those of records are hexadecimal digits."""


def derived_mapping(source: Source) -> EntityMapping | None:
    """Return the mapping that derives customers; None if the source has customers files.

    Its format of times and its texts that are no value default to those of the transactions,
    because it reads their text.
    """
    mapping = source.entities.get("customers") or EntityMapping.model_validate(
        {"from": "transactions"}
    )
    if not mapping.derived_from:
        return None
    read, given = source.entities["transactions"], mapping.model_fields_set
    inherited = [name for name in ("timestamp_format", "no_value") if name not in given]
    return mapping.model_copy(update={name: getattr(read, name) for name in inherited})


def derive_customers(
    transactions: DataFrame,
    bronze: DataFrame,
    mapping: EntityMapping,
    needed: Sequence[str],
    timezone: str | None = None,
    phone_region: str | None = None,
) -> DataFrame:
    """Derive customers from their transactions in silver, with the latest value of each attribute.

    Args:
        transactions: Rows of ``silver/transactions``.
        bronze: Rows of ``bronze/transactions``, whose text the expressions read.
        mapping: The source's mapping of customer columns to expressions.
        needed: File columns that the expressions read.
        timezone: Zone of times that carry none.
        phone_region: Country of telephone numbers that carry none.

    Returns:
        Columns of the customers' contract, one row a ``customer_id``. A mapped attribute has the
        value of the newest transaction with a value; of several at the same time, the first in
        alphabetical order. Values are typed and standardised as in a customers file. A value with
        a fault, or that breaks a rejecting rule of the customers' contract, is ignored: its record
        is a transaction, whose fate does not depend on it. ``updated_at`` is the time of the newest
        transaction. Attributes that are not mapped, also personal ones, are null.
    """
    expressions = mapping.columns
    columns = [entities.CUSTOMERS.column(name) for name in expressions]
    frame, parsed = parse_records(bronze, mapping, columns, needed, timezone, phone_region)
    mapped = frame.select(
        *[F.col(f"{LINEAGE}.{name}").alias(name) for name in _LINEAGE],
        *[_without_faults(each).alias(name) for name, each in parsed.items()],
    )
    mapped = mapped.select(lineage.RECORD_ID, *[_without_breaks(c, expressions) for c in columns])
    purchases = transactions.select(
        lineage.RECORD_ID, entities.CUSTOMER_ID, entities.TRANSACTION_DATE
    )
    rows = purchases.join(mapped, lineage.RECORD_ID, "left") if expressions else purchases
    customers = rows.groupBy(entities.CUSTOMER_ID).agg(
        F.max(entities.TRANSACTION_DATE).alias(entities.UPDATED_AT),
        *[_latest(name).alias(name) for name in expressions],
    )
    return customers.select(*_with_nulls(customers))


def is_derived() -> SparkColumn:
    """Whether a row of ``silver/customers`` is derived from transactions, and has no record.

    A row without lineage is of a time when the shop had no customers file.
    """
    record = F.col(lineage.RECORD_ID)
    return record.isNull() | record.startswith(_DERIVED)


def derive_unknown(transactions: DataFrame, known: DataFrame) -> DataFrame:
    """Derive the customers of transactions who are not in the shop's customers files.

    Args:
        transactions: Rows of ``silver/transactions``.
        known: Rows of ``silver/customers`` that have a record.

    Returns:
        Rows of ``silver/customers``, one row a customer. ``updated_at`` is the time of the first
        transaction, so that the row does not change with each further one; all attributes are null.
        ``batch_id`` is that of the first transaction that was ingested.
    """
    others = transactions.join(
        known.select(entities.CUSTOMER_ID), entities.CUSTOMER_ID, "left_anti"
    )
    customers = others.groupBy(entities.CUSTOMER_ID).agg(
        F.min(entities.TRANSACTION_DATE).alias(entities.UPDATED_AT),
        *[F.min(name).alias(name) for name in (lineage.SOURCE, lineage.BATCH_ID)],
    )
    hashed = F.substring(F.sha2(entities.CUSTOMER_ID, 256), 1, 32)
    complete = customers.select(
        *_with_nulls(customers),
        F.concat(F.lit(_DERIVED), hashed).alias(lineage.RECORD_ID),
        *(lineage.SOURCE, lineage.BATCH_ID),
    )
    return with_content_hash(complete, entities.CUSTOMERS)


def _with_nulls(customers: DataFrame) -> list[SparkColumn]:
    """Return all columns of the contract; those that customers lack are null."""
    return [
        F.col(c.name) if c.name in customers.columns else F.lit(None).cast(c.type).alias(c.name)
        for c in entities.CUSTOMERS.columns
    ]


def _without_faults(parsed: Parsed) -> SparkColumn:
    faults = [F.coalesce(fault, F.lit(False)) for fault in parsed.faults.values()]
    return F.when(~reduce(or_, faults, F.lit(False)), parsed.value)


def _without_breaks(column: Column, mapped: Collection[str]) -> SparkColumn:
    """Return a mapped value; null if it is not allowed or breaks a rule of mapped columns."""
    broken = [~F.col(column.name).isin(*column.allowed)] if column.allowed else []
    for rule in entities.CUSTOMERS.rules:
        read = columns_at_fault(entities.CUSTOMERS, rule.name)
        if rule.severity is Severity.REJECT and column.name in read and {*read} <= {*mapped}:
            broken.append(~F.expr(rule.holds))
    is_broken = reduce(or_, [F.coalesce(each, F.lit(False)) for each in broken], F.lit(False))
    return F.when(~is_broken, F.col(column.name)).alias(column.name)


def _latest(name: str) -> SparkColumn:
    return F.min_by(name, newest_first(entities.TRANSACTION_DATE, name))
