"""What Spark says when a stream fails, told as an error that a user can act on."""

import re

from goldrun.contracts.source import Source
from goldrun.errors import GoldrunError, StreamError
from goldrun.io.delta.errors import full_message, line_at, storage_failure

_MEANINGS = {
    r"KAFKA_DATA_LOSS|OffsetOutOfRange": (
        "Kafka no longer has messages that the stream has not read. Nothing was passed over. "
        "Restore them, or accept the loss by deleting {checkpoint}: the stream then begins at the "
        "oldest message there is, and takes nothing twice"
    ),
    r"UnknownTopicOrPartition|does not host this topic": (
        "the broker does not have all of its topics {topics}: create what is missing, or send a "
        "first message, then run the same command again"
    ),
    # Another process on this machine that follows the same source was told so before it came here.
    r"STREAMING_CHECKPOINT_MISSING_METADATA|CONCURRENT_STREAM_LOG_UPDATE|Multiple streaming queries"
    r"|UUID\.fromString": (
        "a file of {checkpoint} is missing or damaged, or another machine follows the same source "
        "into this lake. If none does, delete {checkpoint} and run the same command again: nothing "
        "is taken twice (of messages that Kafka deletes before they are read only a warning will "
        "tell)"
    ),
    r"There are \[\d+\] sources in the checkpoint": (
        "other entities are read than when this stream began; delete {checkpoint} and run the same "
        "command again: nothing is taken twice"
    ),
}
"""What Spark says, as a pattern, and what it means."""


def failure(error: Exception, source: Source, root: str, checkpoint: str) -> GoldrunError:
    """Say what an error of a query means, where it is not one of the handler's.

    Args:
        error: What Spark raised when the query was started, or later.
        source: What it reads.
        root: The lake.
        checkpoint: The query's folder in it; what is damaged without a name is a file of it.

    Returns:
        A StorageError where the lake's disk is at fault, else a StreamError.
    """
    said = full_message(error)
    for sign, meaning in _MEANINGS.items():
        if found := re.search(sign, said):
            line = line_at(said, found.start())
            topics = ", ".join(sorted(m.topic for m in source.with_files.values() if m.topic))
            told = meaning.format(topics=topics, checkpoint=checkpoint)
            return StreamError(f"source {source.name}: {told} ({line})")
    return storage_failure(error, root, checkpoint) or StreamError(
        f"source {source.name}: the stream stopped ({line_at(said, 0)}); what was written is "
        "whole, and the same command goes on from there"
    )
