"""Contracts of the ``ops`` tables: metrics, progress, settings, fingerprints, completed batches."""

from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.table import Column, Table

RUN_ID = "run_id"
MEASURED_AT = "measured_at"
MODEL = "model"
METRIC = "metric"
VALUE = "value"
VERDICT = "verdict"

_RUN_ID = Column(RUN_ID, T.StringType(), "MLflow run that measured.", required=True)
_MEASURED_AT = Column(MEASURED_AT, T.TimestampType(), "When, UTC.", required=True)
_METRIC = Column(METRIC, T.StringType(), "What was measured.", required=True)
_VALUE = Column(VALUE, T.DoubleType(), "The number.", required=True)
_VERDICT = Column(VERDICT, T.StringType(), "pass, fail or unknown.", required=True)

QUALITY_METRICS = Table(
    name="ops/quality_metrics",
    grain="one number of one data-quality run",
    key=(RUN_ID, METRIC),
    columns=(_RUN_ID, _MEASURED_AT, _METRIC, _VALUE, _VERDICT),
)

DRIFT_METRICS = Table(
    name="ops/drift_metrics",
    grain="one number of one feature-drift run",
    key=(RUN_ID, METRIC),
    columns=(
        _RUN_ID,
        _MEASURED_AT,
        Column(MODEL, T.StringType(), "Model whose features were compared.", required=True),
        _METRIC,
        _VALUE,
        _VERDICT,
    ),
)

FOLLOWED = "followed"
VERSION = "version"

GOLD_PROGRESS = Table(
    name="ops/gold_progress",
    grain="one version of a silver table that gold has been computed from; the newest counts",
    key=(FOLLOWED, MEASURED_AT),
    columns=(
        Column(FOLLOWED, T.StringType(), "The table, as layer/name.", required=True),
        Column(VERSION, T.LongType(), "Delta version whose content gold has.", required=True),
        _MEASURED_AT,
        _RUN_ID,
    ),
)

TABLE = "table"
TABLE_ID = "table_id"
DEFINITIONS = "definitions"
CHANGED_FROM = "changed_from"

GOLD_TABLES = Table(
    name="ops/gold_tables",
    grain="one table that gold is computed from or has written, as gold left it",
    key=(TABLE,),
    columns=(
        Column(TABLE, T.StringType(), "The table, as layer/name.", required=True),
        Column(TABLE_ID, T.StringType(), "Its id in its Delta log.", required=True),
        Column(
            VERSION,
            T.LongType(),
            "Delta version up to which all changes of its rows are goldrun's.",
            null_means="a table of silver, whose version ops/gold_progress has",
        ),
        Column(
            DEFINITIONS,
            T.StringType(),
            "Fingerprint of the definition of each of its columns, as JSON.",
            null_means="a table of silver",
        ),
        Column(
            CHANGED_FROM,
            T.DateType(),
            "Earliest day whose change stored snapshots may lack.",
            null_means="all stored snapshots have all changes of activity, or another table",
        ),
        _MEASURED_AT,
        _RUN_ID,
    ),
)

RECORDS = "records"
COMPLETED_AT = "settled_at"

COMPLETE_BATCHES = Table(
    name="ops/settled_batches",
    grain="one batch of an entity whose records all have their fates",
    key=(lineage.ENTITY, lineage.BATCH_ID, RECORDS),
    columns=(
        Column(lineage.ENTITY, T.StringType(), "Name of the entity.", required=True),
        Column(lineage.BATCH_ID, T.StringType(), "The ingestion.", required=True),
        Column(RECORDS, T.LongType(), "How many it had in bronze.", required=True),
        Column(
            COMPLETED_AT, T.TimestampType(), "When the last of them had it, UTC.", required=True
        ),
    ),
)

SETTING = "setting"
SET_AT = "set_at"
TIMEZONE = "timezone"
"""Setting: time zone of the lake, that of its source (``Source.zone``)."""
GOLD_TIMEZONE = "gold_timezone"
"""Setting: time zone whose calendar days the stored days of gold are."""
REMAP = "remap"
"""Setting: whether all records are to be validated again, ``PENDING`` or ``DONE``."""
PENDING = "pending"
DONE = "done"

LAKE_SETTINGS = Table(
    name="ops/lake_settings",
    grain="one setting that all tables of the lake are written with",
    key=(SETTING,),
    columns=(
        Column(SETTING, T.StringType(), "timezone, gold_timezone or remap.", required=True),
        Column(VALUE, T.StringType(), "Its value.", required=True),
        Column(SET_AT, T.TimestampType(), "When it was set, UTC.", required=True),
    ),
)

MAPPING = "mapping"
PHONE_REGION = "phone_region"
CURRENCY = "currency"
RATES = "rates"
RATES_UNTIL = "rates_until"
RULES = "rules"
RECORDED_AT = "recorded_at"

MAPPINGS = Table(
    name="ops/mappings",
    grain="one change of the settings that an entity's records are accepted under, from a batch on",
    key=(lineage.ENTITY, lineage.BATCH_ID),
    columns=(
        Column(lineage.ENTITY, T.StringType(), "Name of the entity.", required=True),
        Column(
            lineage.BATCH_ID,
            T.StringType(),
            "First batch under these settings; empty for the first batch of the lake.",
            required=True,
        ),
        Column(MAPPING, T.StringType(), "Hash of expressions and time pattern.", required=True),
        Column(TIMEZONE, T.StringType(), "Zone of times without one, or empty.", required=True),
        Column(PHONE_REGION, T.StringType(), "Region of telephones, or empty.", required=True),
        Column(CURRENCY, T.StringType(), "Reporting currency, or empty.", required=True),
        Column(RATES, T.StringType(), "Hash of the exchange rates, or empty.", required=True),
        Column(
            RATES_UNTIL, T.StringType(), "Last day of the hashed rates, or empty.", required=True
        ),
        Column(RULES, T.StringType(), "Hash of the contract.", required=True),
        Column(RECORDED_AT, T.TimestampType(), "When, UTC.", required=True),
    ),
)

READING = "reading"

READINGS = Table(
    name="ops/readings",
    grain="one file of an entity, with the settings that it was last read with",
    key=(lineage.ENTITY, lineage.FINGERPRINT),
    columns=(
        Column(lineage.ENTITY, T.StringType(), "Name of the entity.", required=True),
        Column(lineage.FINGERPRINT, T.StringType(), "SHA-256 of the file's bytes.", required=True),
        Column(READING, T.StringType(), "Format, delimiter and encoding.", required=True),
        Column(RECORDED_AT, T.TimestampType(), "When, UTC.", required=True),
    ),
)
