"""Files whose content has changed since it was read into bronze."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.row_context import ROW_NUMBER
from goldrun.errors import SourceError
from goldrun.jobs.context import Context, log
from goldrun.jobs.ingest.readings import REREAD_COMMAND
from goldrun.jobs.ingest.stored_files import StoredFiles
from goldrun.medallion.bronze import Batch
from goldrun.medallion.contents import Comparison, compare_contents, keys_gone
from goldrun.medallion.erasure import with_customer
from goldrun.medallion.ingestions import Ingestion, rows_of_contents
from goldrun.medallion.source_columns import columns_of

REFUSE = "refuse"
"""Value of ``on_changed``: a file that was overwritten stops the batch."""


def refuses_changes(ctx: Context, entity: str) -> bool:
    """Whether the source declares that a file of an entity never changes."""
    return ctx.source.with_files[entity].on_changed == REFUSE


def check_allowed(ctx: Context, entity: str, overwritten: Iterable[Path]) -> None:
    """Refuse overwritten files if the source sets ``on_changed = "refuse"``.

    Raises:
        SourceError: A file has changed since it was read.
    """
    for file in overwritten if refuses_changes(ctx, entity) else ():
        raise SourceError(
            f"{file} has changed since it was read into bronze, and {ctx.source.name}.toml "
            f"[{entity}] has on_changed = 'refuse': give the new content a new file name, and "
            "restore or remove this file. Rows that the new file corrects, such as a truncated "
            "row, replace the old rows, because the new file is ingested later. Or remove "
            "on_changed, so that new content is read as newer versions. Or replace the records "
            f"of the file with {_reread(ctx)}"
        )


def check_clock(ctx: Context, overwritten: Iterable[Path], stored: StoredFiles) -> None:
    """Check that the new contents of files count as newer than the stored ones.

    Raises:
        SourceError: The clock is not later than at the ingestion of a file.
    """
    now = Batch.at(ctx.now).batch_id
    for file in overwritten:
        last = stored.contents[str(file)][-1].batch_id
        if last >= now:
            raise SourceError(
                f"{file} has changed since it was read at {last}, and it is {now} now: correct the "
                "clock of this machine, or wait, then run the same command again"
            )


def compare(
    ctx: Context, entity: str, records: DataFrame, before: DataFrame
) -> dict[str, Comparison]:
    """Compare the new contents of files with the stored ones (``compare_contents``).

    Args:
        ctx: The context.
        entity: Name of the entity.
        records: Rows of ``bronze/<entity>`` of the whole new contents.
        before: Result of ``rows_of_contents`` for the same files.
    """
    mapping = ctx.source.with_files[entity]
    expressions = {CUSTOMER_ID: mapping.columns[CUSTOMER_ID]}
    needed = list(columns_of(ctx.source, entity, expressions))
    signed = with_customer(records, expressions, needed, mapping.no_value)
    return dict(sorted(compare_contents(signed, before).items()))


def new_records(
    ctx: Context, entity: str, records: DataFrame, contents: Mapping[str, Sequence[Ingestion]]
) -> dict[str, int]:
    """Find the records of overwritten files that bronze does not have.

    Args:
        ctx: The context.
        entity: Name of the entity.
        records: Rows of ``bronze/<entity>`` of the whole new contents, in a block of
            ``one_file_per_task``.
        contents: Ingestions of the newest content that bronze has of each of the files.

    Returns:
        Offset of the first record to ingest by file: 0 if all are. A file whose records bronze
        has already is not in it.

    Raises:
        SourceError: The key of the entity is made of the numbers of rows, which the change has
            moved.
    """
    before = rows_of_contents(ctx.lake.read(lineage.bronze_table(entity).name), contents)
    compared = compare(ctx, entity, records, before)
    changed = [file for file, one in compared.items() if not one.is_known]
    for file in changed:
        if not compared[file].is_cut:
            _check_key(ctx, entity, file)
    is_changed = F.col(lineage.FILE).isin(changed)
    both = records.where(is_changed), before.where(is_changed)
    gone = _keys_gone(ctx, entity, *both) if changed else {}
    for file, one in compared.items():
        _report(ctx, entity, file, one, gone.get(file, 0))
    return {
        file: one.first_offset if one.is_appended else 0
        for file, one in compared.items()
        if not (one.is_equal or one.is_cut)
    }


def _keys_gone(ctx: Context, entity: str, records: DataFrame, before: DataFrame) -> dict[str, int]:
    (key,) = ENTITIES[entity].key
    mapping = ctx.source.with_files[entity]
    needed = list(columns_of(ctx.source, entity, {key: mapping.columns[key]}))
    return keys_gone(records, before, key, mapping, needed, ctx.source.timezone)


def _report(ctx: Context, entity: str, file: str, one: Comparison, gone: int) -> None:
    """Log how a file has changed."""
    (key,) = ENTITIES[entity].key
    if one.is_equal:
        log.info("    %s has other bytes than when it was read, and the same records", file)
    elif one.is_appended:
        more = one.records - one.stored
        log.info("    %s has %s more records than when it was read", file, f"{more:,}")
    elif not one.is_cut:
        log.info(
            "    %s was overwritten: its %s records are read as newer than the %s of before",
            *(file, f"{one.records:,}", f"{one.stored:,}"),
        )
    if gone:
        log.warning(
            "    %s has lost %s values of %s since it was read, and their rows stay: if they are "
            "to go, set on_changed = 'refuse' in %s.toml [%s] and run %s",
            *(file, f"{gone:,}", key, ctx.source.name, entity, _reread(ctx)),
        )


def _check_key(ctx: Context, entity: str, file: str) -> None:
    (key,) = ENTITIES[entity].key
    mapping = ctx.source.with_files[entity]
    reads_row = ROW_NUMBER in columns_of(ctx.source, entity, {key: mapping.columns[key]})
    if reads_row and mapping.on_changed is None:
        raise SourceError(
            f"{file} was overwritten with other rows, and {ctx.source.name}.toml [{entity}] makes "
            f"{key} from the number of a row ({ROW_NUMBER}), which is that of another row now: "
            f"map {key} to columns that identify a row, or give each content a file name of its "
            "own, or set on_changed = 'reread' if a row that takes the number of another replaces "
            "it"
        )


def _reread(ctx: Context) -> str:
    return REREAD_COMMAND.format(source=ctx.source.argument)
