"""Columns of a row's origin, and the tables that record the fate of each record."""

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
WARNINGS = "warnings"
STATE = "state"
RELEASED_AT = "released_at"
CONTENT_HASH = "content_hash"
VALID_FROM = "valid_from"
VALID_TO = "valid_to"

TOPIC_PREFIX = "kafka:"
"""Prefix of ``file`` for a message: ``kafka:topic/partition``."""
FEED_PREFIX = "feed:"
"""Prefix of ``file`` for a row of a simulated feed: ``feed:entity``."""
MESSAGE_PREFIXES = (TOPIC_PREFIX, FEED_PREFIX)
"""Prefixes of ``file`` for records that are ordered by ``offset``."""

SPLIT = "_split"
ROW = "_row"
CORRUPT = "_corrupt"
LINEAGE = "_lineage"
"""Columns that a reader adds to the columns of a file: first byte of the piece that one task reads,
row number in that piece, the raw line if it does not fit the header, and all lineage of a record in
one struct."""

_RECORD_ID = Column(RECORD_ID, T.StringType(), "Id of the raw record.", required=True)
_SOURCE = Column(SOURCE, T.StringType(), "Source of the record.", required=True)
_FILE = Column(
    FILE, T.StringType(), "File of the record, or kafka:topic/partition@offset.", required=True
)
_INGESTED_AT = Column(
    INGESTED_AT, T.TimestampType(), "Time of the record's ingestion, UTC.", required=True
)
_BATCH_ID = Column(BATCH_ID, T.StringType(), "Batch of the record.", required=True)
_ENTITY = Column(ENTITY, T.StringType(), "Entity of the record.", required=True)


def bronze_table(entity: str) -> Table:
    """Return the contract of an entity's raw records: their unchanged text and their lineage."""
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
                "Position of the record in its file, ascending: its row number from 0, plus the "
                "first byte of the piece if several tasks read the file in pieces. For a message, "
                "its offset.",
                required=True,
            ),
            _INGESTED_AT,
            _BATCH_ID,
            Column(
                RECORD,
                T.MapType(T.StringType(), T.StringType()),
                "Text of the record by column name of the file, whether or not it is mapped.",
                required=True,
            ),
            Column(
                MALFORMED,
                T.StringType(),
                "The raw line, if it does not fit the header.",
                null_means="the line fits the header",
            ),
        ),
    )


def silver_table(entity: Table) -> Table:
    """Return the contract of an entity's table in silver: its own columns, then its lineage."""
    content_hash = Column(
        CONTENT_HASH,
        T.StringType(),
        "SHA-256 of the entity's columns; equal for equal content.",
        required=True,
    )
    columns = (*entity.columns, _RECORD_ID, content_hash, _SOURCE, _BATCH_ID)
    return replace(entity, change_feed=True, columns=columns)


def history_table(entity: Table) -> Table:
    """Return the contract of an entity's superseded versions, with the time of their validity."""
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
                "Start of validity, UTC: the time of this version.",
                required=True,
            ),
            Column(
                VALID_TO,
                T.TimestampType(),
                "End of validity, UTC: the earliest time of the versions that supersede it; equal "
                "to valid_from if that is earlier, so that it is valid for no time.",
                required=True,
            ),
        ),
    )


QUARANTINE = Table(
    name="silver/quarantine",
    grain="one rejected record",
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
        Column(
            RELEASED_AT, T.TimestampType(), "Time of the release, UTC.", null_means="not released"
        ),
    ),
)

WARNED = Table(
    name="silver/warnings",
    grain="one record whose optional values were emptied, as they are not of their columns",
    key=(RECORD_ID,),
    columns=(
        _RECORD_ID,
        _ENTITY,
        Column(WARNINGS, T.ArrayType(T.StringType()), "Names of the warnings.", required=True),
        _BATCH_ID,
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
