"""A failure of a stream becomes an error with its meaning and its remedy."""

import pytest

from goldrun.errors import StorageError, StreamError
from goldrun.io.settings import load_source
from goldrun.io.streaming.errors import failure

pytestmark = pytest.mark.of_spark

CHECKPOINT = "/lake/_checkpoints/kafka"


@pytest.mark.parametrize(
    ("spark", "ours"),
    [
        (
            "x\n[KAFKA_DATA_LOSS.START_OFFSET_RESET] Some data may have been lost\ny",
            rf"no longer has messages .* accept the loss by deleting {CHECKPOINT}: .*START_OFFSET",
        ),
        (
            "UnknownTopicOrPartitionException: This server does not host this topic-partition.",
            "lacks some of the topics transactions: create them, or send a",
        ),
        (
            "There are [1] sources in the checkpoint offsets and now there are [2] sources",
            f"the source has other entities than when this stream started; delete {CHECKPOINT} and",
        ),
        (
            "[STREAMING_CHECKPOINT_MISSING_METADATA_FILE] Checkpoint location x is in an ...",
            f"a file of {CHECKPOINT} is missing or damaged, .* delete {CHECKPOINT} and run",
        ),
        (
            "[CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log.",
            f"a file of {CHECKPOINT} is missing or damaged, or another machine streams",
        ),
        (
            'NumberFormatException: Error at index 1 in: "4 71"\n at java.util.UUID.fromString(',
            f"a file of {CHECKPOINT} is missing or damaged",
        ),
        ("\n  something else\n at a.b.C", r"the stream stopped \(something else\); all commits"),
        ("", r"the stream stopped \(no reason given\)"),
    ],
)
def test_a_failure_of_spark_becomes_an_error_with_a_remedy(spark: str, ours: str) -> None:
    with pytest.raises(StreamError, match=f"source kafka: .*{ours}"):
        raise failure(RuntimeError(spark), load_source("kafka"), "/lake", CHECKPOINT)


def test_an_unnamed_damaged_file_is_part_of_the_checkpoint() -> None:
    with pytest.raises(StorageError, match=f"a file of it is missing .* delete {CHECKPOINT};"):
        raise failure(
            RuntimeError("Unexpected end-of-input"), load_source("kafka"), "/lake", CHECKPOINT
        )


def test_a_full_disk_is_not_a_damaged_checkpoint() -> None:
    with pytest.raises(StorageError, match="the disk is full"):
        raise failure(
            RuntimeError("No space left on device"), load_source("kafka"), "/lake", CHECKPOINT
        )
