"""Record the settings that files are read with, and report files of other settings."""

from collections.abc import Collection

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.fingerprint import reading_of
from goldrun.contracts.ops import READING, READINGS
from goldrun.errors import listed
from goldrun.jobs.context import Context, log
from goldrun.jobs.names import RUN_COMMAND

REREAD_COMMAND = f"{RUN_COMMAND} -e bronze -P source={{source}} -P reread=true"
"""Command that reads the files of a source again."""


def record_readings(ctx: Context, entity: str, fingerprints: Collection[str]) -> None:
    """Record that files are read with the current settings.

    Args:
        ctx: The context.
        entity: Name of the entity.
        fingerprints: SHA-256 of each file.
    """
    with ctx.lake.writing(READINGS.name):
        known = _readings(ctx, entity).keys() & {*fingerprints}
        # An upsert takes several times as long. It is needed where an earlier run has stopped.
        write = ctx.lake.upsert if known else ctx.lake.append
        write(READINGS, _rows(ctx, entity, fingerprints))


def replace_readings(
    ctx: Context, entity: str, fingerprints: Collection[str], kept: Collection[str]
) -> None:
    """Record that all files of an entity have been read with the current settings.

    Args:
        ctx: The context.
        entity: Name of the entity.
        fingerprints: SHA-256 of each file that was read.
        kept: SHA-256 of each other file in bronze, whose settings stay recorded.
    """
    replaced = _stored(ctx, entity).where(~F.col(lineage.FINGERPRINT).isin(list(kept)))
    with ctx.lake.writing(READINGS.name):
        ctx.lake.replace_rows(READINGS, _rows(ctx, entity, fingerprints), replaced)


def report_readings(ctx: Context, entity: str, stored: Collection[str]) -> None:
    """Log the files in bronze that were read with other settings than the current ones.

    Args:
        ctx: The context.
        entity: Name of the entity.
        stored: SHA-256 of each file in bronze.
    """
    if not stored:
        return
    readings, current = _readings(ctx, entity), _reading(ctx, entity)
    others = [known for one in stored if (known := readings.get(one, current)) != current]
    command = REREAD_COMMAND.format(source=ctx.source.name)
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


def _stored(ctx: Context, entity: str) -> DataFrame:
    return ctx.lake.read_or_empty(READINGS).where(F.col(lineage.ENTITY) == entity)


def _readings(ctx: Context, entity: str) -> dict[str, str]:
    rows = _stored(ctx, entity).select(lineage.FINGERPRINT, READING).collect()
    return {row[0]: row[1] for row in rows}


def _rows(ctx: Context, entity: str, fingerprints: Collection[str]) -> DataFrame:
    reading = _reading(ctx, entity)
    rows = [(entity, one, reading, ctx.now) for one in sorted({*fingerprints})]
    return ctx.lake.frame(READINGS, rows)


def _reading(ctx: Context, entity: str) -> str:
    return reading_of(ctx.source.with_files[entity])
