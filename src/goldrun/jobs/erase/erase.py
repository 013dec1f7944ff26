"""Erase a person from every table, old file and log of a lake, and verify it by decoding files."""

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.erasure import (
    ERASED_AT,
    ID_COLUMNS,
    KEY_ID,
    TOMBSTONE,
    TOMBSTONES,
)
from goldrun.contracts.ops import GOLD_PROGRESS, RUN_ID
from goldrun.contracts.text import INVISIBLE
from goldrun.errors import ErasureError, SettingsError, listed
from goldrun.io.delta.staging import remove_staged
from goldrun.io.engines.registry import require
from goldrun.io.erasure.purge import forget_parameter, leftovers, local_folder, purge, tables_in
from goldrun.io.erasure.secret import key_for
from goldrun.io.erasure.traces import find_traces
from goldrun.io.settings import project_root
from goldrun.jobs.aggregate.progress import forget_progress
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.erase.person import BRONZE, find_person, read_raws
from goldrun.jobs.refine.batches import reset
from goldrun.medallion import erasure
from goldrun.medallion.person import Person, Raw

PARAMETER = "customer_id"
_OPS = "ops/"
_CUSTOMERS = "customers"


def run(ctx: Context, customer_id: str) -> None:
    """Erase a person; an earlier erasure of the person is completed and verified again.

    Args:
        ctx: The context; its tracker has an active run.
        customer_id: Id of the person, as in silver.

    Raises:
        ErasureError: The lake is not on a mounted disk, or data of the person is left.
        SettingsError: The lake has no customer with this id and none was erased, or the engine
            can't remove old files.
    """
    customer_id, lake = customer_id.strip(INVISIBLE), ctx.lake
    if not customer_id:
        raise SettingsError("--customer-id is empty: give the id of the person to erase")
    require(lake.engine, "vacuum", "an erasure")
    folder = local_folder(lake.root)
    params = ctx.tracker.client.get_run(ctx.tracker.run_id).data.params
    forget_parameter(ctx.tracker.uri, params, PARAMETER, customer_id)
    tables = [table for table in tables_in(folder) if not table.startswith(_OPS)]
    with lake.writing(*{*tables, lineage.QUARANTINE.name, TOMBSTONES.name, GOLD_PROGRESS.name}):
        remove_staged(lake.root)
        raws = read_raws(ctx, tables)
        with step("erase: find the records and values of the person"):
            person = find_person(ctx, customer_id, raws, tables)
        _write_tombstone(ctx, person, tables)
        _forget_progress(ctx)
        with step("erase: rows in every layer"):
            _erase_rows(ctx, person, tables)
        with step(f"erase: old files and logs of {len(tables)} tables"):
            for table in tables:
                purge(lake, table)
        with step("erase: verification by decoding every file"):
            _verify(ctx, person, read_raws(ctx, tables), tables, folder)
    log.info("    nothing of the person is left in %s", lake.root)


def _write_tombstone(ctx: Context, person: Person, tables: Sequence[str]) -> None:
    """Write the person's tombstone, unless an earlier erasure has written it."""
    known = ctx.lake.read_or_empty(TOMBSTONES)
    key = key_for(known)
    signed = erasure.with_tombstone(person.id, key)
    if not known.join(signed, TOMBSTONE, "left_semi").isEmpty():
        log.info("    erased before: remaining data is removed")
        return
    if not _has_rows(ctx, person, tables):
        raise SettingsError(
            f"{ctx.lake.root} has no customer with this id, and none was erased: "
            "check --customer-id"
        )
    when = (F.lit(ctx.now).alias(ERASED_AT), F.lit(ctx.tracker.run_id).alias(RUN_ID))
    row = signed.crossJoin(key.select(KEY_ID)).select(TOMBSTONE, KEY_ID, *when)
    ctx.lake.append(TOMBSTONES, row)


def _forget_progress(ctx: Context) -> None:
    """Reset the progress of silver and gold, before the first row is removed.

    The erasure deletes fates of records, and removes silver's change data, so that gold can't read
    its changes any more.
    """
    for entity in ctx.source.with_files:
        reset(ctx.lake, entity)
    forget_progress(ctx)


def _has_rows(ctx: Context, person: Person, tables: Sequence[str]) -> bool:
    """Whether the person has a record in bronze or a typed row in another layer."""
    in_bronze = any(not rows.isEmpty() for rows in person.records.values())
    return in_bronze or any(
        not person.rows_in(ctx.lake.read(table), column).isEmpty()
        for table, column in _with_ids(ctx, tables)
    )


def _with_ids(ctx: Context, tables: Sequence[str]) -> list[tuple[str, str]]:
    """List the tables of typed rows that have a customer's id, with the name of its column."""
    typed = [table for table in tables if not table.startswith(BRONZE)]
    return [(t, c) for t in typed for c in ctx.lake.read(t).columns if c in ID_COLUMNS]


def _erase_rows(ctx: Context, person: Person, tables: Sequence[str]) -> None:
    """Remove the person's rows from every table; bronze last, because the search reads it."""
    lake = ctx.lake
    for entity, rows in person.records.items():
        fates = erasure.fates_of_erased(rows, lake.read_or_empty(lineage.QUARANTINE), entity)
        lake.upsert(lineage.QUARANTINE, fates.localCheckpoint())
    for table, column in _with_ids(ctx, tables):
        lake.delete_rows(table, person.id.withColumnRenamed(CUSTOMER_ID, column))
    ids = person.record_ids()
    for table in tables:
        has_fates = not table.startswith(BRONZE) and table != lineage.QUARANTINE.name
        if has_fates and ids is not None and lineage.RECORD_ID in lake.read(table).columns:
            lake.delete_rows(table, ids)
    # Customers last: a run after an interrupted one reads the terms to search for from them.
    for entity, rows in sorted(person.records.items(), key=lambda one: one[0] == _CUSTOMERS):
        lake.upsert(lineage.bronze_table(entity), erasure.emptied(rows))


def _verify(
    ctx: Context, person: Person, raws: Sequence[Raw], tables: Sequence[str], folder: Path
) -> None:
    """Raise ErasureError if an old file, bronze or a decoded file has data of the person."""
    found = [f"{file} (not part of the table)" for t in tables for file in leftovers(ctx.lake, t)]
    found += [
        f"bronze/{raw.entity} (rows)" for raw in raws if not person.rows_in(raw.owned()).isEmpty()
    ]
    found += [
        f"{trace.file} ({trace.column or 'text'}: {trace.kind})"
        for trace in find_traces([folder, project_root() / "logs"], person.terms)
    ]
    if found:
        raise ErasureError(
            f"{len(found)} places may still name the person: {listed(found)}. "
            "Remove files that are not goldrun's by hand, and run erase again"
        )
