"""Everything goldrun refuses to do, as one small tree.

A message says where, what, and the remedy. ``exit_code`` is what a script
(``PYTHONPATH=src:. python pipelines/x.py``) returns; ``mlflow run`` turns every code that is not 0
into 1.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class GoldrunError(Exception):
    """Root of every error that a user can act on."""

    exit_code = 1


class SettingsError(GoldrunError):
    """A TOML file, an option or an environment variable that can't be used as it is."""

    exit_code = 2


class SourceError(GoldrunError):
    """An input folder or file that can't be read whole; nothing of it was written."""

    exit_code = 3


class ContractError(GoldrunError):
    """A table about to be written that doesn't keep its contract; it was not written."""

    exit_code = 4


class LakeBusyError(GoldrunError):
    """Somebody else is writing the same tables."""

    exit_code = 5


class ToolchainError(GoldrunError):
    """Java or Spark's jars are missing and could not be fetched."""

    exit_code = 6


class AsOfError(GoldrunError):
    """A date for which the lake can't give features or labels."""

    exit_code = 7


class TrackingError(GoldrunError):
    """MLflow's store or registry refused, or an artifact that it names is gone."""

    exit_code = 9


class ForeignModelError(GoldrunError):
    """A registered model that belongs to another source or lake, or does not say to which."""

    exit_code = 10


class MissingTableError(GoldrunError):
    """A table that an earlier step has not written yet."""

    exit_code = 8


class ErasureError(GoldrunError):
    """An erasure that could not be done, or could not be proved to be complete."""

    exit_code = 12


class StreamError(GoldrunError):
    """A stream that can't begin, or can't go on without losing records."""

    exit_code = 13


class StorageError(GoldrunError):
    """The lake's disk is full, or a file of the lake is missing or damaged."""

    exit_code = 14


class QualityError(GoldrunError):
    """Data quality that fails; no model was trained on such rows."""

    exit_code = 21


class UnknownQualityError(GoldrunError):
    """Data quality that can't be measured, because there are no records."""

    exit_code = 22


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest known name, or nothing when none is near."""
    names = {name.lower(): name for name in known}
    near = get_close_matches(wrong.lower(), list(names), n=1, cutoff=0.6)
    return f" (did you mean {names[near[0]]!r}?)" if near else ""


def listed(items: Iterable[object], at_most: int = 10) -> str:
    """Return the first few of some items with semicolons between, and how many more there are."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - at_most} more" if len(texts) > at_most else ""
    return "; ".join(texts[:at_most]) + more
