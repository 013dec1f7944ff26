"""Ingest new files into bronze: raw text with lineage, in one commit per entity."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import Kind
from goldrun.errors import SettingsError, SourceError, listed
from goldrun.io.sources.files import find_files, ignored_paths
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.erased_records import redact_erased
from goldrun.jobs.ingest.file_columns import report_changes
from goldrun.jobs.ingest.joined_files import log_without_partner
from goldrun.jobs.ingest.new_files import (
    NewFiles,
    inspect,
    one_file_per_task,
    own_columns,
    reading_raw,
)
from goldrun.jobs.ingest.overwritten import check_allowed, check_clock, new_records, refuses_changes
from goldrun.jobs.ingest.place_checks import check_stored_names
from goldrun.jobs.ingest.readings import record_readings, report_readings
from goldrun.jobs.ingest.stored_files import StoredFiles, select_new, stored_files
from goldrun.jobs.ingest.unfinished_files import PATIENCE, wait_until_written
from goldrun.jobs.names import RUN_COMMAND
from goldrun.jobs.time_zone import check_zone
from goldrun.medallion.bronze import Batch, to_bronze
from goldrun.medallion.contents import since, with_ids_of_batch
from goldrun.medallion.ingestions import columns_of_newest, has_column

STORED_FILES = 64
"""Largest number of data files of a commit: a task reads each source file."""


def run(ctx: Context) -> None:
    """Ingest the new files of all entities of a source.

    All files of all entities are checked before the first is read, so that an invalid file stops
    the whole batch.
    """
    check_zone(ctx)
    with writing_bronze(ctx):
        for new in _find_new(ctx):
            if new.files:
                with step(f"bronze: {new.entity}"):
                    ingest(ctx, new)


@contextlib.contextmanager
def writing_bronze(ctx: Context) -> Iterator[None]:
    """Lock the tables of a source with files.

    Raises:
        SettingsError: The source has no files.
    """
    source = ctx.source
    if source.kind is not Kind.FILES:
        raise SettingsError(
            f"{source.name}.toml has no files but a {source.kind}: read it with "
            f"{RUN_COMMAND} -e stream -P source={source.argument}"
        )
    tables = [lineage.bronze_table(entity).name for entity in source.with_files]
    with ctx.lake.writing(*tables):
        yield


def _find_new(ctx: Context) -> list[NewFiles]:
    with step("bronze: finding new files"):
        found = find_complete(ctx)
        checked = [check_files(ctx, entity, files) for entity, files in found.items()]
    for each in checked:
        report_readings(ctx, each.entity, each.stored)
    return checked


def find_complete(ctx: Context) -> dict[str, list[Path]]:
    """List the files of each entity, without new files that are still being written.

    Raises:
        SourceError: A folder can't be listed or has no file, or no file is complete.
    """
    return _complete(ctx, {entity: _all_files(ctx, entity) for entity in ctx.source.with_files})


def _all_files(ctx: Context, entity: str) -> list[Path]:
    mapping = ctx.source.with_files[entity]
    found = find_files(mapping.path or "", mapping.format, ctx.source.made_by)
    if others := ignored_paths(mapping.path or "", mapping.format):
        log.warning("    %s: ignored because of their names: %s", entity, listed(others))
    return found


def _complete(ctx: Context, found: Mapping[str, Sequence[Path]]) -> dict[str, list[Path]]:
    """Wait for files that are being written, and omit the files that are not complete in time.

    A file that was read before is not omitted if a change of it is an error.

    Raises:
        SourceError: An entity without files in bronze has no complete file.
    """
    growing = set(wait_until_written(chain(*found.values()), patience=PATIENCE))
    complete = {}
    for entity, files in found.items():
        known = stored_files(ctx, entity).contents if growing else {}
        read = known if refuses_changes(ctx, entity) else ()
        left_out = [file for file in files if file in growing and str(file) not in read]
        for file in left_out:
            log.warning(
                "    %s is omitted, because it is still being written after %s seconds: ingest it "
                "with the next run, when it is complete",
                *(file, PATIENCE),
            )
        complete[entity] = [file for file in files if file not in left_out]
        if left_out and not complete[entity] and not known:
            raise SourceError(
                f"{entity}: no file is complete, because {listed(map(str, left_out))} "
                "is still being written: run the same command again when it is complete"
            )
    return complete


def check_files(ctx: Context, entity: str, found: Sequence[Path]) -> NewFiles:
    """Select the files of an entity with records that are not in bronze, and check them.

    Args:
        ctx: The context.
        entity: Name of the entity.
        found: The files to check.

    Raises:
        SourceError: A file can't be read, or has changed since it was read and the source does not
            allow that.
    """
    stored = stored_files(ctx, entity)
    files = select_new(found, stored)
    overwritten = [file for file in files if stored.newest(file)]
    check_allowed(ctx, entity, overwritten)
    check_clock(ctx, overwritten, stored)
    bronze = ctx.lake.read_or_empty(lineage.bronze_table(entity))
    had = partial(has_column, bronze)
    new = inspect(ctx.lake.engine, ctx.source, entity, files, ctx.lake.root, had)
    if new.headers:
        report_changes(new.headers, own_columns(columns_of_newest(bronze, stored.ingestions), new))
    check_stored_names(ctx.source, entity, new.files, stored.contents)
    if overwritten:
        new = _without_stored(ctx, new, overwritten, stored)
    log.info("    %s: %s of %s files are new", entity, len(new.files), len(found))
    return replace(new, stored=stored.fingerprints)


def _without_stored(
    ctx: Context, new: NewFiles, overwritten: Sequence[Path], stored: StoredFiles
) -> NewFiles:
    """Leave out the records that files had before they were overwritten."""
    with (
        reading_records(ctx, new.only(overwritten)) as (_, records),
        one_file_per_task(ctx.lake.engine, ctx.source, new.entity),
    ):
        first = new_records(ctx, new.entity, records, stored.contents_of(overwritten))
    kept = new.only([file for file in new.files if file not in overwritten or str(file) in first])
    again = [str(f) for f in overwritten if stored.has(f, new.files[f])]
    return replace(kept, first=first, again=tuple(again))


def ingest(ctx: Context, new: NewFiles) -> Batch:
    """Append the records of new files to bronze, in one commit."""
    with reading_records(ctx, new) as (batch, records):
        # Before the records: a file that is recorded and not in bronze is read by the next run.
        record_readings(ctx, new.entity, new.files.values(), new.joined)
        with one_file_per_task(ctx.lake.engine, ctx.source, new.entity):
            ctx.lake.append(lineage.bronze_table(new.entity), records.coalesce(STORED_FILES))
    log_without_partner(ctx, new.entity, new.files.values(), new.joined)
    return batch


@contextlib.contextmanager
def reading_records(ctx: Context, new: NewFiles) -> Iterator[tuple[Batch, DataFrame]]:
    """Read files as rows of bronze of a new batch; records of erased persons have no text.

    The rows are computed within the block, and bronze is locked.
    """
    batch = Batch.at(ctx.now)
    with reading_raw(ctx.lake.engine, new, ctx.lake.root) as raw:
        records = to_bronze(raw, entity=new.entity, source=ctx.source.name, batch=batch)
        records = with_ids_of_batch(since(records, new.first), new.again)
        yield batch, redact_erased(ctx, new.entity, records)
