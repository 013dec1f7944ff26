"""Contract of the ledger ``ops/promotions``: every decision on the champion of every model."""

from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table

MODEL = "model"
NUMBER = "number"
RECORDED_AT = "recorded_at"
ACTION = "action"
STATE = "state"

PROMOTIONS = Table(
    name="ops/promotions",
    grain="one entry of the ledger of one registered model; entries are only ever appended",
    key=(MODEL, NUMBER),
    append_only=True,
    columns=(
        Column(MODEL, T.StringType(), "Registered name.", required=True),
        Column(NUMBER, T.LongType(), "Position in the model's chain, from 0.", required=True),
        Column(RECORDED_AT, T.TimestampType(), "When, UTC.", required=True),
        Column(ACTION, T.StringType(), "promotion, rollback or adoption.", required=True),
        Column(
            STATE,
            T.StringType(),
            "refused; or intended before the alias moves, then done, or abandoned.",
            required=True,
        ),
        Column(
            "from_version",
            T.LongType(),
            "Version that was champion before.",
            null_means="there was none",
        ),
        Column("to_version", T.LongType(), "Version that was decided on.", required=True),
        Column("training_run", T.StringType(), "Training run of that version.", required=True),
        Column(
            "evidence",
            T.StringType(),
            "SHA-256 of its evidence.json.",
            null_means="it has none, or none that could be read",
        ),
        Column(
            "checksum",
            T.StringType(),
            "Checksum of its model's files.",
            null_means="a version of an older goldrun, which has none",
        ),
        Column("verdict", T.StringType(), "pass, fail or unknown, by the gate.", required=True),
        Column("reasons", T.StringType(), "Reasons against it, a JSON array.", required=True),
        Column("warnings", T.StringType(), "Warnings, a JSON array.", required=True),
        Column(
            "test_origin",
            T.StringType(),
            "Date of the test rows that champion and challenger were compared on, as 2011-09-10.",
            null_means="the model has no test rows of its own",
        ),
        Column(
            "compared_with",
            T.LongType(),
            "Version that it was compared with.",
            null_means="it was not compared with any",
        ),
        Column(
            "comparison",
            T.StringType(),
            "Metrics of the comparison, a JSON object.",
            required=True,
        ),
        Column("forced", T.BooleanType(), "Whether a person overruled the gate.", required=True),
        Column(
            "why",
            T.StringType(),
            "The person's reason.",
            null_means="nobody gave one",
        ),
        Column(
            "user_name", T.StringType(), "User of the machine who ran the command.", required=True
        ),
        Column("host", T.StringType(), "The machine.", required=True),
        Column("run", T.StringType(), "MLflow run of the command.", required=True),
        Column("previous", T.StringType(), "Hash of the entry before, or empty.", required=True),
        Column("hash", T.StringType(), "SHA-256 of all values above.", required=True),
        Column(
            "signature",
            T.StringType(),
            "Ed25519 signature of the hash, hexadecimal.",
            null_means="no key was configured",
        ),
        Column(
            "signed_by",
            T.StringType(),
            "Public key of the signature, hexadecimal.",
            null_means="no key was configured",
        ),
    ),
)
