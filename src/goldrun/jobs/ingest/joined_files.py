"""Find, check and read the second files of an entity, whose rows its records are joined with."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import Join
from goldrun.contracts.row_context import joined_column
from goldrun.contracts.source import Source
from goldrun.errors import SourceError, listed
from goldrun.io.engines.base import Engine
from goldrun.io.sources.files import find_files, without_copies
from goldrun.jobs.context import Context, log
from goldrun.jobs.ingest.raw_files import check_form, reading_files
from goldrun.jobs.ingest.unfinished_files import PATIENCE, wait_until_written
from goldrun.medallion.row_context import (
    FIRST,
    LAST,
    TIMES,
    join_records,
    repeated_keys,
    without_partner,
)
from goldrun.medallion.source_columns import joined_columns_required


@dataclass(frozen=True)
class JoinedFiles:
    """The files of one join, which ``check_joined`` has checked.

    Attributes:
        name: Name of the join.
        join: Key and form.
        files: Fingerprint by file.
        rows: Their rows, materialised; no key twice.
    """

    name: str
    join: Join
    files: dict[Path, str]
    rows: DataFrame

    @property
    def content(self) -> str:
        """Hash of the content of the files."""
        return _content(self.files)


def contents_joined(source: Source, entity: str) -> dict[str, str]:
    """Hash the files that an entity's rows are joined with; return the hashes by name of the join.

    Raises:
        SourceError: A file is missing.
    """

    def content(join: Join) -> str:
        files = find_files(join.form.path or "", join.form.format, source.made_by)
        return _content(without_copies(files))

    return {name: content(join) for name, join in source.with_files[entity].join.items()}


def check_joined(engine: Engine, source: Source, entity: str, root: str = "") -> list[JoinedFiles]:
    """Find and read the joined files of an entity.

    Args:
        engine: The engine.
        source: The shop.
        entity: Name of the entity.
        root: The lake, whose bronze table of the entity is locked; empty if there is none.

    Raises:
        SourceError: A file is missing, is still being written, can't be read, or lacks a column, or
            a key is in several rows.
    """
    found = []
    for name, join in source.with_files[entity].join.items():
        files = find_files(join.form.path or "", join.form.format, source.made_by)
        if growing := wait_until_written(files, patience=PATIENCE):
            raise SourceError(
                f"{listed(growing)}, which [{entity}.join.{name}] reads, is still being written: "
                "run the same command again when it is complete"
            )
        fingerprints = without_copies(files)
        needed = joined_columns_required(source, entity, name)
        layouts = check_form(fingerprints, join.form, needed)
        with (
            reading_files(engine, fingerprints, layouts, (root, f"{entity}.{name}")) as read,
            engine.one_file_per_task(whole=True),
        ):
            rows = read.localCheckpoint()
        _check_rows(rows, name, join.joined_key, source.with_files[entity].no_value)
        found.append(JoinedFiles(name, join, fingerprints, rows))
    return found


def with_joined(
    raw: DataFrame, joined: Sequence[JoinedFiles], no_value: Sequence[str]
) -> DataFrame:
    """Add the columns of the joined files to records that a reader returns."""
    for each in joined:
        raw = join_records(raw, each.rows, each.name, each.join, no_value)
    return raw


def log_without_partner(
    ctx: Context, entity: str, fingerprints: Collection[str], joined: Sequence[JoinedFiles]
) -> None:
    """Log the number of records of files for which a join found no row."""
    if not joined:
        return
    stored = ctx.lake.read(lineage.bronze_table(entity).name)
    rows = stored.where(F.col(lineage.FINGERPRINT).isin(list(fingerprints)))
    for each in joined:
        if count := without_partner(rows, each.name, each.join.joined_key).count():
            log.warning(
                "    %s: %s records have no row in %s, so that their columns %s are empty",
                *(entity, f"{count:,}", each.join.form.path, joined_column(each.name, "*")),
            )


def _check_rows(rows: DataFrame, name: str, key: str, no_value: Sequence[str]) -> None:
    """Log malformed rows of joined files, and raise SourceError for a key in several rows."""
    if malformed := rows.where(F.col(lineage.MALFORMED).isNotNull()).count():
        log.warning("    join %s: %s malformed rows are left out", name, f"{malformed:,}")
    repeated = repeated_keys(rows, key, no_value)
    found = repeated.orderBy(FIRST, LAST).limit(1).collect()
    if found:
        first, last = found[0][FIRST], found[0][LAST]
        raise SourceError(
            f"{first[lineage.FILE]}, row {first[lineage.ROW]}, and {last[lineage.FILE]}, row "
            f"{last[lineage.ROW]}, have the same {key!r} ({found[0][TIMES]} rows have it, and "
            f"{repeated.count():,} such keys are not unique), and each record is joined with one "
            "row at most: remove the repeated rows, or join on a column that is unique"
        )


def _content(files: Mapping[Path, str]) -> str:
    return hashlib.sha256("\n".join(sorted(files.values())).encode()).hexdigest()
