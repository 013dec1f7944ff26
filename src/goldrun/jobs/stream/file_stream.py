"""Files that land while a stream is at work: each read once, when it is written to no more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.io.sources.files import list_files
from goldrun.io.streaming.readers import Enough, entities_in
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.ingest.unfinished_files import State, state_of, wait_until_written
from goldrun.jobs.stream.messages import SHARES, IngestedBatch
from goldrun.medallion.bronze import Batch


@dataclass
class FileStream:
    """What a stream knows of a landing folder.

    Spark only says that something has landed. What is read is what a batch would read: all files
    of the source that bronze does not have, wherever they come from and however old they are.
    """

    _seen: dict[Path, State] = field(default_factory=dict)

    def begin(self, ctx: Context) -> None:
        """Note which files bronze has, so that their bytes need not be looked at again.

        Raises:
            SourceError: A file has changed since it was read; Spark says each name once.
        """
        for entity, mapping in ctx.source.with_files.items():
            files = list_files(mapping.path or "", mapping.format)
            states = {file: state for file in files if (state := state_of(file))}
            new = bronze.new_files(ctx, entity, list(states))
            self._seen |= {file: state for file, state in states.items() if file not in new}

    def settle(
        self, ctx: Context, stream: DataFrame, ending: Callable[[], bool]
    ) -> dict[str, list[Path]]:
        """Find the files that are new, and wait until they are written to no more.

        Args:
            ctx: The context.
            stream: The micro-batch, as ``read_stream`` makes it.
            ending: Whether the stream was asked to end; a file is waited for until then.

        Returns:
            Files to look at by entity.

        Raises:
            Enough: The stream is to end and a file is still being written.
        """
        landed, found = entities_in(stream), {}
        for entity in [entity for entity in ctx.source.with_files if entity in landed]:
            mapping = ctx.source.with_files[entity]
            files = list_files(mapping.path or "", mapping.format)
            found[entity] = [file for file in files if state_of(file) != self._seen.get(file)]
            if wait_until_written(found[entity], ending):
                raise Enough
        return found

    def arrive(
        self, ctx: Context, settled: Mapping[str, Sequence[Path]], ending: Callable[[], bool]
    ) -> IngestedBatch:
        """Append the records of files that bronze has not seen, one commit an entity.

        Args:
            ctx: The context; its moment names the ingestion.
            settled: Result of ``settle``.
            ending: As ``settle`` takes it.

        Raises:
            Enough: As ``settle`` raises it.
            SourceError: A file can't be read, or has changed since it was.
        """
        rows: dict[str, int] = {}
        written: list[float] = []
        for entity, files in settled.items():
            # Again: other processes may have been waited for since.
            if wait_until_written(files, ending):
                raise Enough
            states = {file: state for file in files if (state := state_of(file))}
            with ctx.lake.writing(lineage.bronze_table(entity).name):
                landing = bronze.look_at(ctx, entity, list(states))
                if landing.files:
                    batch = bronze.ingest(ctx, landing)
                    written += [states[file][1] / 1e9 for file in landing.files]
                    rows[entity] = _count(ctx, entity, batch)
            self._seen |= states
        written.sort()
        sent = [written[int(share * len(written))] for share in SHARES if written]
        moments = tuple(datetime.fromtimestamp(each, UTC) for each in sent)
        return IngestedBatch(Batch.at(ctx.now), rows, sent=moments)


def _count(ctx: Context, entity: str, batch: Batch) -> int:
    stored = ctx.lake.read(lineage.bronze_table(entity).name)
    return stored.where(F.col(lineage.BATCH_ID) == batch.batch_id).count()
