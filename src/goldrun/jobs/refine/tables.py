"""Read and write the tables in which the records of an entity have their fates."""

from collections.abc import Iterable
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID, CUSTOMERS, TRANSACTIONS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.rates import RATES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Table
from goldrun.io.delta.lake import Lake
from goldrun.io.sources.rates import read_rates
from goldrun.medallion import quarantine
from goldrun.medallion.customers import is_derived
from goldrun.medallion.fates import Fates, StoredRecords
from goldrun.medallion.references import with_derived
from goldrun.medallion.refinement import Refinement
from goldrun.medallion.validation import RelatedTables

_CUSTOMERS, _TRANSACTIONS = "customers", "transactions"


def fate_tables(entity: str) -> tuple[Table, ...]:
    """Contracts of silver, history, duplicates and quarantine of an entity, in this order."""
    table = ENTITIES[entity]
    return (
        lineage.silver_table(table),
        lineage.history_table(table),
        lineage.DUPLICATES,
        lineage.QUARANTINE,
    )


def fate_table_names(entities: Iterable[str]) -> list[str]:
    """Names of the tables in which the records of some entities have their fates, sorted."""
    names = {table.name for entity in entities for table in fate_tables(entity)}
    return sorted(names | {lineage.WARNED.name})


def create_fate_tables(lake: Lake, entity: str) -> None:
    """Create the fate tables that do not exist.

    Customers that were derived when the shop had no customers file get columns for a record.
    """
    for table in fate_tables(entity):
        lake.create(table)
        if missing := lake.missing_columns(table) if table.name == CUSTOMERS.name else []:
            lake.add_columns(table, missing)


def read_fates(lake: Lake, entity: str) -> Fates:
    """Read the fates of an entity's records; a table that does not exist is empty.

    Derived customers have no records, and are left out.
    """
    silver, history, duplicates, held = map(lake.read_or_empty, fate_tables(entity))
    if entity == _CUSTOMERS:
        silver = silver.where(~is_derived())
    return Fates.of(entity, silver, history, duplicates, held)


def read_related(lake: Lake, source: Source, entity: str) -> RelatedTables:
    """Read what records of an entity are compared with: parents and exchange rates.

    Derived customers are known by their transactions: the table of customers is written later.

    Raises:
        SettingsError: The file of rates can't be read.
    """
    pointed_to = {reference.entity for reference in ENTITIES[entity].references}
    silver = {name: read_fates(lake, name).silver for name in pointed_to & {*source.with_files}}
    buyers = lake.read_or_empty(lineage.silver_table(TRANSACTIONS))
    parents = with_derived(silver, entity, source, buyers)
    rates = _read_rates(lake, source) if entity == _TRANSACTIONS else None
    return RelatedTables(parents, rates)


def _read_rates(lake: Lake, source: Source) -> DataFrame | None:
    """Read the exchange rates; None for a shop that declares no currency."""
    if not source.currency:
        return None
    rates = read_rates(source.rates, source.currency) if source.rates else []
    return lake.frame(RATES, rates)


def delete_records(lake: Lake, entity: str, records: StoredRecords) -> None:
    """Delete records from duplicates, history and silver; they are then without a fate.

    After a stop they are found, because their batches have fewer fates than records.
    """
    silver, history, duplicates, _ = fate_tables(entity)
    lake.delete_rows(duplicates.name, records.duplicates)
    lake.delete_rows(history.name, records.versions)
    lake.delete_rows(silver.name, records.versions)


def write_fates(
    lake: Lake, entity: str, refinement: Refinement, now: datetime, *, replay: bool
) -> None:
    """Commit the fates of records to the four tables.

    A record that a stop leaves without a fate is pending in the next run. Therefore silver is
    written last, and quarantine releases a record before silver gets it. Warnings are written
    first: those of records that are not in silver count for nothing.
    """
    silver, history, duplicates, held = fate_tables(entity)
    rejected, resolution = refinement.rejected, refinement.resolution
    if not refinement.warned.isEmpty():
        lake.upsert(lineage.WARNED, refinement.warned)
    if refinement.reset is not None:
        delete_records(lake, entity, refinement.reset)
    if replay:
        stored = lake.read(held.name)
        rejected = quarantine.after_replay(rejected, refinement.validated, stored, now)
    lake.upsert(held, rejected)
    lake.append_unless_empty(duplicates, resolution.duplicates)
    lake.upsert(history, resolution.history)
    lake.upsert(silver, resolution.current)


def replace_fates(lake: Lake, entity: str, refinement: Refinement, erased: DataFrame) -> None:
    """Replace the fates of all records of an entity; rows that stay equal are not written.

    Silver is written last, after the tables that a run after a stop reads it with. A derived
    customer who has a record now is replaced by it.

    Args:
        lake: The tables.
        entity: Name of the entity.
        refinement: The fates of all records that are not erased.
        erased: Rows of ``silver/quarantine`` of erased records, which are kept.
    """
    silver, history, duplicates, held = fate_tables(entity)
    stored, resolution = read_fates(lake, entity), refinement.resolution
    warned = lake.read_or_empty(lineage.WARNED).where(F.col(lineage.ENTITY) == entity)
    if not (warned.isEmpty() and refinement.warned.isEmpty()):
        lake.replace_rows(lineage.WARNED, refinement.warned, warned)
    held_rows = refinement.rejected.unionByName(erased)
    lake.replace_rows(held, held_rows, stored.quarantine)
    lake.replace_rows(duplicates, resolution.duplicates, stored.duplicates)
    lake.replace_rows(history, resolution.history, stored.history)
    rows = stored.silver
    if entity == _CUSTOMERS:
        derived = lake.read_or_empty(silver).where(is_derived())
        rows = rows.unionByName(derived.join(resolution.current, CUSTOMER_ID, "left_semi"))
    lake.replace_rows(silver, resolution.current, rows)
