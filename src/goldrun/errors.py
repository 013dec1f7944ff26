"""All errors of goldrun that a user can act on.

A message states where, what, and the remedy. ``exit_code`` is the exit code of a script
(``PYTHONPATH=src:. python pipelines/x.py``); ``mlflow run`` turns each code other than 0 into 1.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class GoldrunError(Exception):
    """Base class of all errors that a user can act on."""

    exit_code = 1


class SettingsError(GoldrunError):
    """A TOML file, an option or an environment variable has an invalid value."""

    exit_code = 2


class SourceError(GoldrunError):
    """An input folder or file can't be read completely; nothing of it is written."""

    exit_code = 3


class ContractError(GoldrunError):
    """Rows break the contract of the table that they are written to; the table is unchanged."""

    exit_code = 4


class LakeBusyError(GoldrunError):
    """Another process is writing the same tables."""

    exit_code = 5


class ToolchainError(GoldrunError):
    """Java or Spark's jars are missing, or an engine does not start, or stops."""

    exit_code = 6


class AsOfError(GoldrunError):
    """The lake has no features or labels as of a date."""

    exit_code = 7


class TrackingError(GoldrunError):
    """MLflow's store or registry fails, or an artifact is missing."""

    exit_code = 9


class MissingArtifactError(TrackingError):
    """An artifact of a run, or the files of a model, are not in the store that answers."""


class ModelFileError(TrackingError):
    """Files of a registered model are not those that were registered, or can't be loaded safely."""

    exit_code = 11


class ForeignModelError(GoldrunError):
    """A registered model belongs to another source or lake, or has no owner tags."""

    exit_code = 10


class MissingTableError(GoldrunError):
    """A table does not exist because an earlier step has not run."""

    exit_code = 8


class ErasureError(GoldrunError):
    """An erasure fails, or can't be verified to be complete."""

    exit_code = 12


class StreamError(GoldrunError):
    """A stream can't start, or can't continue without losing records."""

    exit_code = 13


class StorageError(GoldrunError):
    """The lake's disk is full, or a file of the lake is missing or damaged."""

    exit_code = 14


class ChangesLostError(StorageError):
    """The changes of a table since a version can't be read any more."""


class NoChampionError(GoldrunError):
    """A model has no champion: it was not trained, or the gate has refused every version."""

    exit_code = 15


class LedgerError(GoldrunError):
    """The ledger of promotions and the model registry disagree, or the ledger was changed."""

    exit_code = 16


class EvidenceError(GoldrunError):
    """The evidence of a registered version is missing, has changed, or is of another version."""

    exit_code = 17


class AuditError(GoldrunError):
    """An audit has findings: something was changed, or could not be checked."""

    exit_code = 18


class NotPromotedError(GoldrunError):
    """The gate has refused a version; the champion is the one before."""

    exit_code = 23


class QualityError(GoldrunError):
    """Data quality fails; no model is trained."""

    exit_code = 21


class UnknownQualityError(GoldrunError):
    """Data quality is unknown because there are no records."""

    exit_code = 22


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` with the most similar known name, or an empty string."""
    names = {name.lower(): name for name in known}
    near = get_close_matches(wrong.lower(), list(names), n=1, cutoff=0.6)
    return f" (did you mean {names[near[0]]!r}?)" if near else ""


def listed(items: Iterable[object], at_most: int = 10) -> str:
    """Join the first items with semicolons, and append the number of further items."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - at_most} more" if len(texts) > at_most else ""
    return "; ".join(texts[:at_most]) + more
