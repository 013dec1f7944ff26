"""Customers of a shop that has no customers file, derived from its transactions."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities, lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.source import Source
from goldrun.medallion.mapping import LINEAGE
from goldrun.medallion.ordering import newest_first
from goldrun.medallion.parse import Parsed, parse_records


def derived_mapping(source: Source) -> EntityMapping | None:
    """Find the mapping that customers are derived by; None where the source has files of them.

    Unless it declares a pattern of times, it has that of the transactions, whose files are read.
    """
    mapping = source.entities.get("customers") or EntityMapping.model_validate(
        {"from": "transactions"}
    )
    if not mapping.derived_from:
        return None
    pattern = source.entities["transactions"].timestamp_format
    return mapping.model_copy(update={"timestamp_format": mapping.timestamp_format or pattern})


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
        bronze: Rows of ``bronze/transactions``, over whose text the expressions are.
        mapping: Customer column to expression, as the source maps them.
        needed: File columns that they read.
        timezone: Zone of times that carry none.
        phone_region: Country of telephone numbers that carry none.

    Returns:
        Columns of the customers' contract, one row a ``customer_id``. A mapped attribute is the
        one of the newest transaction that has it; of several at the same time, the first by name.
        Its values are typed and standardised as those of a customers file; a value with a fault
        counts as none. ``updated_at`` is the time of the newest transaction. Attributes that are
        not mapped, personal ones among them, are null.
    """
    expressions = mapping.columns
    columns = [entities.CUSTOMERS.column(name) for name in expressions]
    frame, parsed = parse_records(bronze, mapping, columns, needed, timezone, phone_region)
    mapped = frame.select(
        F.col(f"{LINEAGE}.{lineage.RECORD_ID}").alias(lineage.RECORD_ID),
        *[_without_faults(each).alias(name) for name, each in parsed.items()],
    )
    purchases = transactions.select(
        lineage.RECORD_ID, entities.CUSTOMER_ID, entities.TRANSACTION_DATE
    )
    rows = purchases.join(mapped, lineage.RECORD_ID, "left") if expressions else purchases
    customers = rows.groupBy(entities.CUSTOMER_ID).agg(
        F.max(entities.TRANSACTION_DATE).alias(entities.UPDATED_AT),
        *[_latest(name).alias(name) for name in expressions],
    )
    return customers.select(
        *[
            c.name if c.name in customers.columns else F.lit(None).cast(c.type).alias(c.name)
            for c in entities.CUSTOMERS.columns
        ]
    )


def _without_faults(parsed: Parsed) -> SparkColumn:
    faults = [F.coalesce(fault, F.lit(False)) for fault in parsed.faults.values()]
    return F.when(~reduce(or_, faults, F.lit(False)), parsed.value)


def _latest(name: str) -> SparkColumn:
    return F.min_by(name, newest_first(entities.TRANSACTION_DATE, name))
