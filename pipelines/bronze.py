"""Read the files that are new into bronze: raw text with lineage, one commit an entity."""

import argparse
import sys
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts.source import EntityMapping
from goldrun.errors import SettingsError, SourceError
from goldrun.io.files import check_columns, find_files, fingerprint, read_header, read_text
from goldrun.medallion.bronze import Batch, to_bronze
from goldrun.medallion.mapping import check_timestamp_format, columns_needed
from pipelines._command import Context, log, parser, run_script, step


def run(ctx: Context) -> None:
    """Ingest every entity that the source has files for."""
    for entity, mapping in ctx.source.entities.items():
        if mapping.path is not None:
            with step(f"bronze: {entity}"):
                _ingest(ctx, entity, mapping, mapping.path)


def _ingest(ctx: Context, entity: str, mapping: EntityMapping, path: str) -> None:
    table = L.bronze_table(entity)
    needed = columns_read(ctx, entity)
    found = find_files(path)
    with ctx.lake.writing(table.name):
        files = _new_files(ctx, entity, found)
        # Every file is looked at before the first is read, so a wrong one stops the whole batch.
        headers = {file: read_header(file, mapping) for file in files}
        for file, header in headers.items():
            check_columns(file, header, needed)
        if not files:
            log.info("    no new file in %s", path)
            return
        batch = Batch(f"{ctx.now:%Y%m%dT%H%M%S.%fZ}", ctx.now)
        parts = [
            to_bronze(
                read_text(ctx.lake.spark, file, headers[file], mapping),
                entity=entity,
                source=ctx.source.name,
                file=str(file),
                fingerprint=digest,
                batch=batch,
            )
            for file, digest in files.items()
        ]
        log.info("    reading %s new files from %s", len(parts), path)
        ctx.lake.append(table, reduce(DataFrame.unionByName, parts))


def columns_read(ctx: Context, entity: str) -> dict[str, str]:
    """File columns that an entity needs, for itself and what is derived from it, each with where.

    Raises:
        SettingsError: An expression or a pattern in the TOML file can't be used.
    """
    needed: dict[str, str] = {}
    for name, mapping in ctx.source.entities.items():
        if entity in (name, mapping.derived_from):
            where = f"{ctx.source.name}.toml [{name}.columns]"
            probe = ctx.lake.spark.range(1).toDF("id")
            found = columns_needed(probe, mapping.columns, where)
            needed = dict.fromkeys(found, where) | needed
            if mapping.timestamp_format is not None:
                check_timestamp_format(probe, mapping.timestamp_format, f"{where} of [{name}]")
    return dict(sorted(needed.items()))


def check_one_source(ctx: Context, bronze: DataFrame) -> None:
    """Raise SettingsError when the lake holds another source's records: their ids would mix."""
    others = bronze.where(F.col(L.SOURCE) != ctx.source.name).select(L.SOURCE).limit(1).collect()
    if others:
        raise SettingsError(
            f"{ctx.lake.root} holds records of source {others[0][L.SOURCE]!r}, not of "
            f"{ctx.source.name!r}: give each source a lake of its own with --lake, or the right "
            "--source"
        )


def _new_files(ctx: Context, entity: str, found: list[Path]) -> dict[Path, str]:
    """The files whose bytes bronze has not seen, with their fingerprints."""
    bronze = ctx.lake.read_or_empty(L.bronze_table(entity))
    check_one_source(ctx, bronze)
    stored = bronze.select(L.FILE, L.FINGERPRINT).distinct().collect()
    known = {row[L.FILE]: row[L.FINGERPRINT] for row in stored}
    new: dict[Path, str] = {}
    for file in found:
        digest = fingerprint(file)
        if digest in known.values() or digest in new.values():
            continue
        if str(file) in known:
            raise SourceError(
                f"{file} has changed since it was read into bronze: give the new content a new "
                "file name, and restore or remove this one"
            )
        new[file] = digest
    return new


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    return parser(__doc__)


if __name__ == "__main__":
    sys.exit(run_script(options(), lambda ctx, _: run(ctx), "bronze"))
