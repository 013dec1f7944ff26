"""Refine the records of a source from frames alone, as the first batch of a lake would be."""

from collections.abc import Collection, Mapping

from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_UNKNOWN
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Table
from goldrun.medallion.customers import derive_customers, derive_unknown, derived_mapping
from goldrun.medallion.fates import Fates
from goldrun.medallion.references import with_derived
from goldrun.medallion.refinement import Refinement, RefinementInput, refine_records
from goldrun.medallion.source_columns import columns_read
from goldrun.medallion.stored_rows import empty_rows
from goldrun.medallion.validation import RelatedTables, validate_records

_TRANSACTIONS = "transactions"


def refine_entities(
    bronze: Mapping[str, DataFrame],
    source: Source,
    rates: DataFrame | None = None,
    incomplete: Collection[str] = (),
) -> dict[str, Refinement]:
    """Decide the fates of the records of all entities, none of which has one yet.

    Args:
        bronze: Rows of ``bronze/<entity>``, by entity.
        source: The shop.
        rates: A rate table (``contracts.rates``); None unless the shop declares its currency.
        incomplete: Entities of which ``bronze`` lacks records. References to them are not checked,
            because the parent may be among those.

    Returns:
        The fates, by entity, parents before children.

    Raises:
        SourceError: Money in several currencies can't be added up.
    """
    refined: dict[str, Refinement] = {}
    for entity in source.with_files:
        known = {name: refined[name].resolution.current for name in refined}
        parents = _parents(entity, known, source, incomplete)
        related = RelatedTables(parents, rates if entity == _TRANSACTIONS else None)
        rows = bronze[entity]
        given = RefinementInput(rows, rows, _no_fates(rows, entity), related, new=True)
        validated = validate_records(rows, source, entity)
        refined[entity] = refine_records(validated, given, source, entity)
    return refined


def _parents(
    entity: str, known: Mapping[str, DataFrame], source: Source, incomplete: Collection[str]
) -> dict[str, DataFrame]:
    """Return the rows of each complete entity that the records of an entity refer to."""
    references = ENTITIES[entity].references
    parents = {
        each.entity: known[each.entity]
        for each in references
        if each.entity in known and each.entity not in incomplete
    }
    customers = CUSTOMER_UNKNOWN.entity
    buyers = known.get(_TRANSACTIONS)
    if entity != _TRANSACTIONS and {customers, _TRANSACTIONS} & {*incomplete}:
        buyers = None
        if source.derives_any:
            parents.pop(customers, None)
    return with_derived(parents, entity, source, buyers)


def _no_fates(rows: DataFrame, entity: str) -> Fates:
    table = ENTITIES[entity]
    tables: tuple[Table, ...] = (
        lineage.silver_table(table),
        lineage.history_table(table),
        lineage.DUPLICATES,
        lineage.QUARANTINE,
    )
    return Fates(*(empty_rows(rows, each) for each in tables))


def customers_of(
    refined: Mapping[str, Refinement], bronze: Mapping[str, DataFrame], source: Source
) -> DataFrame:
    """Return the customers: those of the customers' records, or derived from transactions.

    Args:
        refined: Result of ``refine_entities``.
        bronze: Rows of ``bronze/<entity>``, by entity.
        source: The shop.

    Returns:
        Columns of the customers' contract, one row a ``customer_id``.
    """
    mapping = derived_mapping(source)
    if mapping is None:
        known = refined[CUSTOMER_UNKNOWN.entity].resolution.current
        if not source.derives_unknown:
            return known
        return known.unionByName(derive_unknown(refined[_TRANSACTIONS].resolution.current, known))
    return derive_customers(
        refined[_TRANSACTIONS].resolution.current,
        bronze[_TRANSACTIONS],
        mapping,
        list(columns_read(source, _TRANSACTIONS)),
        source.timezone,
        source.phone_region,
    )
