"""Convert Spark's errors of a stream to errors with a remedy."""

import re

from goldrun.contracts.source import Source
from goldrun.errors import GoldrunError, StreamError
from goldrun.io.delta.errors import full_message, line_at, storage_failure

_MEANINGS = {
    r"KAFKA_DATA_LOSS|OffsetOutOfRange": (
        "Kafka no longer has messages that the stream has not read. No message was skipped. "
        "Restore them, or accept the loss by deleting {checkpoint}: the stream then starts at the "
        "oldest message, and ingests nothing twice"
    ),
    r"UnknownTopicOrPartition|does not host this topic": (
        "the broker lacks some of the topics {topics}: create them, or send a message to each, "
        "then run the same command again"
    ),
    # Another process on this machine with the same source is refused earlier, by a lock.
    r"STREAMING_CHECKPOINT_MISSING_METADATA|CONCURRENT_STREAM_LOG_UPDATE|Multiple streaming queries"
    r"|UUID\.fromString": (
        "a file of {checkpoint} is missing or damaged, or another machine streams the same source "
        "into this lake. If none does, delete {checkpoint} and run the same command again: nothing "
        "is ingested twice (if Kafka deletes messages before they are read, only a warning is "
        "logged)"
    ),
    r"There are \[\d+\] sources in the checkpoint": (
        "the source has other entities than when this stream started; delete {checkpoint} and run "
        "the same command again: nothing is ingested twice"
    ),
}
"""Pattern of Spark's message, and the message for the user."""


def failure(error: Exception, source: Source, root: str, checkpoint: str) -> GoldrunError:
    """Convert an error that Spark raises for a streaming query.

    Args:
        error: Error of the query, at its start or later.
        source: Source that the query reads.
        root: Root of the lake.
        checkpoint: Checkpoint folder of the query; named if a damaged file has no name.

    Returns:
        A StorageError if the lake's storage fails, else a StreamError.
    """
    text = full_message(error)
    for pattern, meaning in _MEANINGS.items():
        if found := re.search(pattern, text):
            line = line_at(text, found.start())
            topics = ", ".join(sorted(m.topic for m in source.with_files.values() if m.topic))
            message = meaning.format(topics=topics, checkpoint=checkpoint)
            return StreamError(f"source {source.name}: {message} ({line})")
    return storage_failure(error, root, checkpoint) or StreamError(
        f"source {source.name}: the stream stopped ({line_at(text, 0)}); all commits are "
        "complete: run the same command again to continue"
    )
