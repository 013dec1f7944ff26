"""Which expression of a source's TOML file an engine fails on, and by what kind of failure."""

import contextlib
import re
from collections.abc import Iterator

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.errors import GoldrunError, SettingsError
from goldrun.io.failures import everything_said, memory_failure, storage_failure
from goldrun.medallion.mapping import apply_mapping
from pipelines.steps.context import Context
from pipelines.steps.source import columns_of

_RAISED = (PySparkException, Py4JJavaError)
_KINDS = re.compile(
    r"by zero|overflow|out of bounds|out of range|\bcast\b|parse|regex pattern|format",
    re.IGNORECASE,
)
"""What kind of failure an engine without conditions speaks of; its text would show the value."""


@contextlib.contextmanager
def expressions_explained(ctx: Context, entity: str, pending: DataFrame) -> Iterator[None]:
    """Raise a SettingsError that names the expression, where one fails on a record's value.

    Args:
        ctx: The context.
        entity: Name of the entity.
        pending: Its bronze records that are computed in the block.
    """
    try:
        yield
    except _RAISED as error:
        if memory_failure(error) or storage_failure(error, ctx.lake.root):
            raise
        known = _failing(ctx, entity, pending)
        if known is None:
            raise
        raise known from error


def _failing(ctx: Context, entity: str, pending: DataFrame) -> GoldrunError | None:
    """The first expression that fails by itself; None when each can be computed."""
    for name, sql in ctx.source.landed[entity].columns.items():
        needed = list(columns_of(ctx, entity, {name: sql}))
        try:
            apply_mapping(pending, {name: sql}, needed).agg(F.max(F.hash(name))).collect()
        except _RAISED as error:
            return SettingsError(
                f"{ctx.source.name}.toml [{entity}.columns] {name} fails on a value of a record "
                f"({_kind(error)}): {sql!r}. Use try_divide, try_cast, try_to_timestamp and the "
                "like, which give null, so that such a record goes to quarantine with its reason"
            )
    return None


def _kind(error: Exception) -> str:
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    found = _KINDS.search(everything_said(error))
    return condition or (found.group().lower() if found else type(error).__name__)
