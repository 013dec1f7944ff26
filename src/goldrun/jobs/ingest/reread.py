"""Read the files of a source again, and replace their records in bronze."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.errors import SourceError, listed
from goldrun.io.sources.files import without_copies
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.ingest import bronze
from goldrun.jobs.ingest.joined_files import log_without_partner
from goldrun.jobs.ingest.new_files import NewFiles, inspect, one_file_per_task
from goldrun.jobs.ingest.overwritten import compare, refuses_changes
from goldrun.jobs.ingest.readings import replace_readings
from goldrun.jobs.ingest.stored_files import StoredFiles, stored_files
from goldrun.jobs.ingest.unfinished_files import wait_until_written
from goldrun.jobs.time_zone import begin_remap, check_zone
from goldrun.medallion.contents import Comparison, with_ids_of_batch
from goldrun.medallion.contents_again import read_again
from goldrun.medallion.erasure import emptied_again
from goldrun.medallion.ingestions import Ingestion, has_column, rows_of_contents


@dataclass(frozen=True)
class Reread:
    """The files of an entity to read again.

    Attributes:
        files: The files of the source, new ones too, which ``inspect`` has checked.
        contents: Ingestions of the content that a file has, by file; none of a new content.
        appended: Files of which bronze has the first records.
        kept: Ingestions whose content no file has any more, and whose records stay.
    """

    files: NewFiles
    contents: Mapping[str, Sequence[Ingestion]]
    appended: frozenset[str]
    kept: Sequence[Ingestion]


def run(ctx: Context) -> None:
    """Read all files of a source again, and replace their records in bronze.

    All files are checked before the first record is replaced. A file with the content that bronze
    has keeps its batch; another content is a new ingestion. Records of contents that no file has
    any more stay; those of a file that is there are replaced if the source refuses changes of
    its files. The next run of silver validates all records again.

    Raises:
        SourceError: A file can't be read, or is still being written.
        SettingsError: The source has no files.
    """
    check_zone(ctx)
    with bronze.writing_bronze(ctx):
        with step("bronze: finding all files"):
            found = bronze.find_complete(ctx)
            again = [_plan(ctx, entity, files) for entity, files in found.items()]
        # Before the first record is replaced: its fate may be that of another text.
        begin_remap(ctx)
        for each in again:
            with step(f"bronze: {each.files.entity}, all files again"):
                _replace(ctx, each)


def _plan(ctx: Context, entity: str, found: Sequence[Path]) -> Reread:
    """Select the files to read; of files with equal content, the first."""
    if growing := wait_until_written(found, patience=0):
        raise SourceError(
            f"{listed(growing)} is still being written: run the same command again when it is "
            "complete"
        )
    files = without_copies(found)
    stored = stored_files(ctx, entity)
    changed = [f for f, digest in files.items() if stored.newest(f) not in {None, digest}]
    had = partial(has_column, ctx.lake.read_or_empty(lineage.bronze_table(entity)))
    new = inspect(ctx.lake.engine, ctx.source, entity, files, ctx.lake.root, had)
    contents = {str(f): content for f in files if (content := _stored_content(f, files[f], stored))}
    compared: dict[str, Comparison] = {}
    if changed:
        log.info("    %s: %s have changed since they were read", entity, listed(changed))
        if not refuses_changes(ctx, entity):
            compared = _compare(ctx, new.only(changed), stored)
    contents |= {file: stored.contents[file] for file, one in compared.items() if one.is_known}
    cut = {file for file, one in compared.items() if one.is_cut}
    again = new.only([file for file in files if str(file) not in cut])
    appended = frozenset(file for file, one in compared.items() if one.is_appended)
    return Reread(again, contents, appended, _kept(ctx, entity, found, contents, stored))


def _stored_content(file: Path, digest: str, stored: StoredFiles) -> Sequence[Ingestion]:
    """Return the ingestions of a content in bronze, which another file may have had."""
    if stored.newest(file) == digest:
        return stored.contents[str(file)]
    if stored.newest(file):
        return ()
    newest = [each for each in stored.contents.values() if each[-1].fingerprint == digest]
    return newest[0] if newest else ()


def _compare(ctx: Context, changed: NewFiles, stored: StoredFiles) -> dict[str, Comparison]:
    """Compare the new contents of files with what bronze has of them."""
    table = lineage.bronze_table(changed.entity).name
    contents = stored.contents_of(changed.files)
    with (
        bronze.reading_records(ctx, changed) as (_, records),
        one_file_per_task(ctx.lake.engine, ctx.source, changed.entity),
    ):
        before = rows_of_contents(ctx.lake.read(table), contents)
        return compare(ctx, changed.entity, records, before)


def _kept(
    ctx: Context,
    entity: str,
    found: Sequence[Path],
    contents: Mapping[str, Sequence[Ingestion]],
    stored: StoredFiles,
) -> list[Ingestion]:
    """List the ingestions whose records stay, and log their files."""
    replaced = {each for content in contents.values() for each in content}
    present = {str(file) for file in found}
    kept = [each for each in stored.ingestions if each not in replaced]
    if refuses_changes(ctx, entity):
        kept = [each for each in kept if each.file not in present]
    if gone := {each.file for each in kept} - present:
        log.warning(
            "    %s: %s are not among the files any more, and their records stay as they were read",
            *(entity, listed(sorted(gone))),
        )
    if earlier := {each.file for each in kept} & present:
        log.warning(
            "    %s: records of earlier contents of %s stay as they were read, because the files "
            "do not have them any more; with on_changed = 'refuse' they are removed",
            *(entity, listed(sorted(earlier))),
        )
    return kept


def _replace(ctx: Context, again: Reread) -> None:
    """Replace the records of an entity in one commit; none if they are equal."""
    lake, entity = ctx.lake, again.files.entity
    table = lineage.bronze_table(entity)
    stored = lake.read_or_empty(table)
    earlier = {(each.file, each.fingerprint) for each in again.kept}
    files, joined = again.files.files, again.files.joined
    returned = [str(file) for file, digest in files.items() if (str(file), digest) in earlier]
    with (
        bronze.reading_records(ctx, again.files) as (_, read),
        one_file_per_task(lake.engine, ctx.source, entity),
    ):
        records = read_again(read, stored, again.contents, again.appended)
        if lake.exists(TOMBSTONES.name):
            records = emptied_again(records, stored)
        records = with_ids_of_batch(records, returned)
        parts = [records.coalesce(bronze.STORED_FILES), *_rows_of(stored, again.kept)]
        if not lake.replace(table, parts):
            log.info("    nothing changed")
    kept = {each.fingerprint for each in again.kept} - {*files.values()}
    replace_readings(ctx, entity, files.values(), kept, joined)
    log_without_partner(ctx, entity, files.values(), joined)
    log.info("    %s files were read again", len(files))


def _rows_of(stored: DataFrame, ingestions: Sequence[Ingestion]) -> list[DataFrame]:
    """Return the records of some ingestions, in one frame if there are any."""
    if not ingestions:
        return []
    place = [lineage.FILE, lineage.BATCH_ID]
    pairs = pd.DataFrame([(each.file, each.batch_id) for each in ingestions], columns=place)
    wanted = F.broadcast(stored.sparkSession.createDataFrame(pairs))
    return [stored.join(wanted, place, "left_semi").select(*stored.columns)]
