"""Columns that say where a row came from, and the tables that hold every row's fate."""

from dataclasses import replace

from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table

RECORD_ID = "record_id"
KEPT_RECORD_ID = "kept_record_id"
ENTITY = "entity"
SOURCE = "source"
FILE = "file"
FINGERPRINT = "fingerprint"
OFFSET = "offset"
INGESTED_AT = "ingested_at"
BATCH_ID = "batch_id"
RECORD = "record"
MALFORMED = "malformed"
REASONS = "reasons"
STATE = "state"
RELEASED_AT = "released_at"
CONTENT_HASH = "content_hash"
VALID_FROM = "valid_from"
VALID_TO = "valid_to"

TOPIC_PREFIX = "kafka:"
"""Begins the place of a message, ``kafka:topic/partition``, which files have theirs in ``file``."""
FEED_PREFIX = "feed:"
"""Begins the place of a row of a simulated feed, ``feed:entity``."""
MESSAGE_PREFIXES = (TOPIC_PREFIX, FEED_PREFIX)
"""Begin the places whose records are ordered by ``offset``: they come one after the other."""

SPLIT = "_split"
ROW = "_row"
CORRUPT = "_corrupt"
LINEAGE = "_lineage"
"""Columns that a reader adds to a file's own: start byte of the piece that one task read, row
number in that piece, the raw line where it does not fit the header, and all of a record's lineage
in one struct."""

_RECORD_ID = Column(RECORD_ID, T.StringType(), "Identity of the raw record.", required=True)
_SOURCE = Column(SOURCE, T.StringType(), "Source it came from.", required=True)
_FILE = Column(
    FILE, T.StringType(), "File it came from, or kafka:topic/partition@offset.", required=True
)
_INGESTED_AT = Column(
    INGESTED_AT, T.TimestampType(), "When its batch was read, UTC.", required=True
)
_BATCH_ID = Column(BATCH_ID, T.StringType(), "Ingestion that brought it.", required=True)
_ENTITY = Column(ENTITY, T.StringType(), "Entity it should have become.", required=True)


def bronze_table(entity: str) -> Table:
    """Contract of the raw text of one entity: every record as it came, with its lineage."""
    return Table(
        name=f"bronze/{entity}",
        grain="one record of a source file, as text",
        key=(RECORD_ID,),
        columns=(
            _RECORD_ID,
            _SOURCE,
            _FILE,
            Column(FINGERPRINT, T.StringType(), "SHA-256 of the file's bytes.", required=True),
            Column(
                OFFSET,
                T.LongType(),
                "Place of the record in its file, in ascending order: its row number from 0; of a "
                "file that several tasks read in pieces, plus the first byte of the piece. Of a "
                "message, its offset.",
                required=True,
            ),
            _INGESTED_AT,
            _BATCH_ID,
            Column(
                RECORD,
                T.MapType(T.StringType(), T.StringType()),
                "The record's text by the file's column name, asked for or not.",
                required=True,
            ),
            Column(
                MALFORMED,
                T.StringType(),
                "The raw line, where it does not fit the header.",
                null_means="the line fits",
            ),
        ),
    )


def silver_table(entity: Table) -> Table:
    """Contract of an entity as stored: its own columns, then its lineage."""
    return replace(
        entity,
        change_feed=True,
        columns=(
            *entity.columns,
            _RECORD_ID,
            Column(
                CONTENT_HASH,
                T.StringType(),
                "SHA-256 of the entity's columns; equal for equal content.",
                required=True,
            ),
            _SOURCE,
            _BATCH_ID,
        ),
    )


def history_table(entity: Table) -> Table:
    """Contract of an entity's superseded versions, each with the time it was valid."""
    stored = silver_table(entity)
    return replace(
        stored,
        name=f"{entity.name}_history",
        grain="one superseded version of a row",
        key=(RECORD_ID,),
        rules=(),
        columns=(
            *stored.columns,
            Column(
                VALID_FROM,
                T.TimestampType(),
                "Start of validity, UTC: when this version was made.",
                required=True,
            ),
            Column(
                VALID_TO,
                T.TimestampType(),
                "End of validity, UTC: when the earliest of the versions that supersede it was "
                "made; valid_from where that was before, and it was valid for no time.",
                required=True,
            ),
        ),
    )


QUARANTINE = Table(
    name="silver/quarantine",
    grain="one refused record",
    key=(RECORD_ID,),
    columns=(
        _RECORD_ID,
        _ENTITY,
        Column(RECORD, T.StringType(), "The raw record as JSON.", required=True),
        Column(REASONS, T.ArrayType(T.StringType()), "Names of the broken rules.", required=True),
        Column(STATE, T.StringType(), "open, released or erased.", required=True),
        _SOURCE,
        _FILE,
        _INGESTED_AT,
        _BATCH_ID,
        Column(RELEASED_AT, T.TimestampType(), "When it was let go.", null_means="not released"),
    ),
)

DUPLICATES = Table(
    name="silver/duplicates",
    grain="one record that repeats another",
    key=(RECORD_ID,),
    columns=(
        _RECORD_ID,
        Column(KEPT_RECORD_ID, T.StringType(), "Record that it repeats.", required=True),
        _ENTITY,
        _BATCH_ID,
    ),
)
