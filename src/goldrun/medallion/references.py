"""Find rows whose foreign key has no parent row."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID, CUSTOMER_UNKNOWN, TRANSACTIONS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Reference, Severity, Table


def with_derived(
    parents: Mapping[str, DataFrame], entity: str, source: Source, buyers: DataFrame | None
) -> dict[str, DataFrame]:
    """Return the parents to check an entity's references against, with any derived customers.

    Derived customers are those that only transactions name. With them each transaction's customer
    exists, so that the customers of transactions are not checked.

    Args:
        parents: Silver rows of each entity that the rows refer to, without derived customers.
        entity: Name of the entity.
        source: The shop.
        buyers: Rows of ``silver/transactions``; None if they are not refined yet, or
            incomplete.

    Returns:
        Silver rows by entity.
    """
    found, customers = dict(parents), CUSTOMER_UNKNOWN.entity
    if not source.derives_any:
        return found
    if ENTITIES[entity].name == TRANSACTIONS.name:
        found.pop(customers, None)
    elif buyers is not None and _refers_to(entity, customers):
        ids = buyers.select(CUSTOMER_ID)
        known = found.get(customers)
        found[customers] = ids if known is None else known.select(CUSTOMER_ID).unionByName(ids)
    return found


def _refers_to(entity: str, parent: str) -> bool:
    return any(each.entity == parent for each in ENTITIES[entity].references)


def dangling(rows: DataFrame, reference: Reference, parent: DataFrame) -> DataFrame:
    """Return the rows whose reference is not null and is not the key of a parent row.

    Args:
        rows: Rows with the reference's column.
        reference: The foreign key.
        parent: Rows of the entity that it refers to.

    Returns:
        The rows with all columns.
    """
    (key,) = ENTITIES[reference.entity].key
    keys = parent.select(F.col(key).alias(reference.column))
    referring = rows.where(F.col(reference.column).isNotNull())
    return referring.join(keys, reference.column, "left_anti")


def without_parent(
    rows: DataFrame, table: Table, parents: Mapping[str, DataFrame]
) -> DataFrame | None:
    """Return the rows that a rejecting reference of their contract rejects.

    Args:
        rows: Accepted rows with their lineage.
        table: Their contract.
        parents: Rows of each entity that the shop has; references to others are not checked.

    Returns:
        ``record_id, reasons``, one row a rejected record; None when no reference is checked.
    """
    found = [
        dangling(
            rows.select(lineage.RECORD_ID, reference.column), reference, parents[reference.entity]
        ).select(lineage.RECORD_ID, F.lit(reference.name).alias(lineage.REASONS))
        for reference in table.references
        if reference.severity is Severity.REJECT and reference.entity in parents
    ]
    if not found:
        return None
    together = reduce(DataFrame.unionByName, found)
    return together.groupBy(lineage.RECORD_ID).agg(
        F.sort_array(F.collect_set(lineage.REASONS)).alias(lineage.REASONS)
    )
