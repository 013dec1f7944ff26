"""Read the files of a source again, and replace their records in bronze."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.errors import SourceError, listed
from goldrun.io.sources.files import fingerprint
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.ingest import bronze
from goldrun.jobs.ingest.joined_files import log_without_partner
from goldrun.jobs.ingest.new_files import NewFiles, inspect, one_file_per_task
from goldrun.jobs.ingest.readings import replace_readings
from goldrun.jobs.ingest.unfinished_files import wait_until_written
from goldrun.jobs.time_zone import begin_remap, check_zone
from goldrun.medallion.bronze import with_stored_batches
from goldrun.medallion.erasure import emptied_again


@dataclass(frozen=True)
class Reread:
    """The files of an entity to read again.

    Attributes:
        files: The files of the source, new ones too, which ``inspect`` has checked.
        kept: Fingerprints of files that are not among them any more, whose records stay.
    """

    files: NewFiles
    kept: list[str]


def run(ctx: Context) -> None:
    """Read all files of a source again, and replace their records in bronze.

    All files are checked before the first record is replaced. A file with the content that bronze
    has keeps its batch; another content is a new ingestion. Records of files that are not among the
    source's files any more stay. The next run of silver validates all records again.

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
    files: dict[Path, str] = {}
    for file in found:
        digest = fingerprint(file)
        if digest not in files.values():
            files[file] = digest
    stored, present = bronze.stored_files(ctx, entity), {str(file) for file in found}
    gone = {
        file: digest
        for file, digest in stored.items()
        if file not in present and digest not in files.values()
    }
    if gone:
        log.warning(
            "    %s: %s are not among the files any more, and their records stay as they were read",
            *(entity, listed(sorted(gone))),
        )
    changed = [file for file, digest in files.items() if stored.get(str(file), digest) != digest]
    if changed:
        log.info("    %s: %s have changed since they were read", entity, listed(changed))
    return Reread(inspect(ctx.lake.engine, ctx.source, entity, files), sorted({*gone.values()}))


def _replace(ctx: Context, again: Reread) -> None:
    """Replace the records of an entity in one commit; none if they are equal."""
    lake, entity = ctx.lake, again.files.entity
    table = lineage.bronze_table(entity)
    stored = lake.read_or_empty(table)
    _, records = bronze.read_records(ctx, again.files)
    records = with_stored_batches(records, stored)
    if lake.exists(TOMBSTONES.name):
        records = emptied_again(records, stored)
    with one_file_per_task(lake.engine, ctx.source, entity):
        parts = [records.coalesce(bronze.STORED_FILES), *_kept(stored, again.kept)]
        if not lake.replace(table, parts):
            log.info("    nothing changed")
    files, joined = again.files.files, again.files.joined
    replace_readings(ctx, entity, files.values(), again.kept, joined)
    log_without_partner(ctx, entity, files.values(), joined)
    log.info("    %s files were read again", len(files))


def _kept(stored: DataFrame, fingerprints: Sequence[str]) -> list[DataFrame]:
    """Return the records of some files, in one frame if there are any."""
    if not fingerprints:
        return []
    return [stored.where(F.col(lineage.FINGERPRINT).isin(list(fingerprints)))]
