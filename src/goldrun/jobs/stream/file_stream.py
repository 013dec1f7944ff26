"""Ingest the new files of a source during a stream, each once and after it is complete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.io.sources.files import list_files
from goldrun.io.streaming.readers import Enough, entities_in
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.ingest.overwritten import check_allowed
from goldrun.jobs.ingest.readings import report_readings
from goldrun.jobs.ingest.stored_files import select_new, stored_files
from goldrun.jobs.ingest.unfinished_files import State, state_of, wait_until_written
from goldrun.jobs.stream.messages import IngestedBatch
from goldrun.medallion.bronze import Batch
from goldrun.monitoring.freshness import written_quantiles


@dataclass
class FileStream:
    """The files of a source that a stream has read.

    Spark only reports that there are new files. The stream reads what a batch reads: all files of
    the source that are not in bronze, whatever their folder and age.
    """

    _seen: dict[Path, State] = field(default_factory=dict)
    _overwritten: set[Path] = field(default_factory=set)

    def begin(self, ctx: Context) -> None:
        """Find the files that are in bronze already, which the stream does not read again.

        Raises:
            SourceError: A file has changed since it was read, and the source does not allow that.
        """
        for entity, mapping in ctx.source.with_files.items():
            files = list_files(mapping.path or "", mapping.format)
            states = {file: state for file in files if (state := state_of(file))}
            stored = stored_files(ctx, entity)
            new = select_new(list(states), stored)
            overwritten = [file for file in new if stored.newest(file)]
            check_allowed(ctx, entity, overwritten)
            self._overwritten |= {*overwritten}
            report_readings(ctx, entity, stored.fingerprints)
            self._seen |= {file: state for file, state in states.items() if file not in new}

    def find_new(
        self, ctx: Context, stream: DataFrame, ending: Callable[[], bool]
    ) -> dict[str, list[Path]]:
        """Find the new files, and wait until they are complete.

        Args:
            ctx: The context.
            stream: The micro-batch, a result of ``read_stream``.
            ending: Whether the end of the stream was requested; this ends the wait.

        Returns:
            Files to read by entity.

        Raises:
            Enough: The end was requested and a file is still being written.
        """
        signalled, found = entities_in(stream), {}
        for entity in [entity for entity in ctx.source.with_files if entity in signalled]:
            mapping = ctx.source.with_files[entity]
            files = list_files(mapping.path or "", mapping.format)
            found[entity] = [file for file in files if state_of(file) != self._seen.get(file)]
            if wait_until_written(found[entity], ending):
                raise Enough
        return found

    def find_overwritten(self, ctx: Context) -> dict[str, list[Path]]:
        """Find the files that were read and have other content now, which Spark does not report.

        A file that is still being written is left for the next call.
        """
        found = {}
        for entity, mapping in ctx.source.with_files.items():
            files = list_files(mapping.path or "", mapping.format)
            changed = [file for file in files if self._has_changed(file)]
            growing = wait_until_written(changed, patience=0)
            if complete := [file for file in changed if file not in growing]:
                found[entity] = complete
        return found

    def _has_changed(self, file: Path) -> bool:
        if file in self._seen:
            return state_of(file) != self._seen[file]
        return file in self._overwritten

    def ingest(
        self, ctx: Context, found: Mapping[str, Sequence[Path]], ending: Callable[[], bool]
    ) -> IngestedBatch:
        """Append the records of files that are not in bronze, in one commit per entity.

        Args:
            ctx: The context; its time names the batch.
            found: Result of ``find_new``.
            ending: As in ``find_new``.

        Raises:
            Enough: As in ``find_new``.
            SourceError: A file can't be read, or has changed since it was read and the source does
                not allow that.
        """
        rows: dict[str, int] = {}
        written: list[float] = []
        for entity, files in found.items():
            # Checked again, because a file may have changed while this process waited for locks.
            if wait_until_written(files, ending):
                raise Enough
            states = {file: state for file in files if (state := state_of(file))}
            with ctx.lake.writing(lineage.bronze_table(entity).name):
                new = bronze.check_files(ctx, entity, list(states))
                if new.files:
                    rows[entity] = _count(ctx, entity, bronze.ingest(ctx, new))
                    written += [states[file][1] / 1e9 for file in new.files]
            self._seen |= states
        return IngestedBatch(Batch.at(ctx.now), rows, sent=written_quantiles(written))


def _count(ctx: Context, entity: str, batch: Batch) -> int:
    stored = ctx.lake.read(lineage.bronze_table(entity).name)
    return stored.where(F.col(lineage.BATCH_ID) == batch.batch_id).count()
