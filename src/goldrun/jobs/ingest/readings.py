"""Record the settings that files are read with, and report files of other settings."""

from collections.abc import Collection, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.fingerprint import read_by_lines, reading_with_context
from goldrun.contracts.ops import READING, READINGS
from goldrun.errors import listed
from goldrun.jobs.context import Context, log
from goldrun.jobs.ingest.joined_files import JoinedFiles, contents_joined
from goldrun.jobs.names import RUN_COMMAND
from goldrun.medallion.source_columns import reads_row_numbers

REREAD_COMMAND = f"{RUN_COMMAND} -e bronze -P source={{source}} -P reread=true"
"""Command that reads the files of a source again."""


def record_readings(
    ctx: Context, entity: str, fingerprints: Collection[str], joined: Sequence[JoinedFiles]
) -> None:
    """Record that files are read with the current settings.

    Args:
        ctx: The context.
        entity: Name of the entity.
        fingerprints: SHA-256 of each file.
        joined: The joined files that their records are made from.
    """
    reading = _reading(ctx, entity, joined)
    with ctx.lake.writing(READINGS.name):
        known = _readings(ctx, entity).keys() & {*fingerprints}
        # An upsert takes several times as long. It is needed if an earlier run has stopped.
        write = ctx.lake.upsert if known else ctx.lake.append
        write(READINGS, _rows(ctx, entity, fingerprints, reading))


def replace_readings(
    ctx: Context,
    entity: str,
    fingerprints: Collection[str],
    kept: Collection[str],
    joined: Sequence[JoinedFiles],
) -> None:
    """Record that all files of an entity have been read with the current settings.

    Args:
        ctx: The context.
        entity: Name of the entity.
        fingerprints: SHA-256 of each file that was read.
        kept: SHA-256 of each other file in bronze, whose settings stay recorded.
        joined: The joined files that the records are made from.
    """
    reading = _reading(ctx, entity, joined)
    replaced = _stored(ctx, entity).where(~F.col(lineage.FINGERPRINT).isin(list(kept)))
    with ctx.lake.writing(READINGS.name):
        ctx.lake.replace_rows(READINGS, _rows(ctx, entity, fingerprints, reading), replaced)


def report_readings(ctx: Context, entity: str, stored: Collection[str]) -> None:
    """Log the files in bronze that were read with other settings than the current ones.

    Args:
        ctx: The context.
        entity: Name of the entity.
        stored: SHA-256 of each file in bronze.
    """
    if not stored:
        return
    readings, current = _readings(ctx, entity), _reading(ctx, entity, None)
    differ = {one: known for one in stored if (known := readings.get(one, current)) != current}
    by_lines = read_by_lines(current)
    # A line that was accepted is a record by itself now too.
    broken = _with_broken_lines(ctx, entity) if by_lines in differ.values() else set()
    others = [known for one, known in differ.items() if known != by_lines or one in broken]
    command = REREAD_COMMAND.format(source=ctx.source.argument)
    if others:
        log.warning(
            "    %s: %s files were read with other settings (%s; now %s): %s reads them again",
            *(entity, len(others), listed(sorted(set(others)), 3), current, command),
        )
    if unknown := len({*stored} - {*readings}):
        log.info(
            "    %s: %s files were read before settings were recorded; %s reads them again",
            *(entity, unknown, command),
        )


def _with_broken_lines(ctx: Context, entity: str) -> set[str]:
    """Return the fingerprints of files with a malformed line that may be a part of a record."""
    rows = ctx.lake.read_or_empty(lineage.bronze_table(entity))
    broken = rows.where(F.contains(F.col(lineage.MALFORMED), F.lit('"')))
    return {row[0] for row in broken.select(lineage.FINGERPRINT).distinct().collect()}


def _stored(ctx: Context, entity: str) -> DataFrame:
    return ctx.lake.read_or_empty(READINGS).where(F.col(lineage.ENTITY) == entity)


def _readings(ctx: Context, entity: str) -> dict[str, str]:
    rows = _stored(ctx, entity).select(lineage.FINGERPRINT, READING).collect()
    return {row[0]: row[1] for row in rows}


def _rows(ctx: Context, entity: str, fingerprints: Collection[str], reading: str) -> DataFrame:
    rows = [(entity, one, reading, ctx.now) for one in sorted({*fingerprints})]
    return ctx.lake.frame(READINGS, rows)


def _reading(ctx: Context, entity: str, joined: Sequence[JoinedFiles] | None) -> str:
    """Describe how files are read; with the content that joined files have now if None are given.

    Raises:
        SourceError: A joined file is missing.
    """
    known = (
        contents_joined(ctx.source, entity)
        if joined is None
        else {j.name: j.content for j in joined}
    )
    numbered = reads_row_numbers(ctx.source, entity)
    return reading_with_context(ctx.source.with_files[entity], known, numbered=numbered)
