"""Rows and table versions that a training run reads."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES
from goldrun.features.labels import History
from goldrun.io.frames import content_hash, to_pandas
from goldrun.jobs.aggregate.snapshots import write_snapshots
from goldrun.jobs.context import Context
from goldrun.jobs.monitor import quality
from goldrun.jobs.monitor.drift import snapshot
from goldrun.jobs.score.snapshot import Snapshot
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.model import Frames, Labels, Model
from goldrun.learning.origins import Origins


@dataclass(frozen=True)
class Inputs:
    """Rows of ``gold/customer_features`` at one version of the table.

    Attributes:
        origins: Their as-of dates.
        table_versions: Delta version of every table that they were computed from, and their own.
        training: Rows as of ``origins.train``.
        test: Rows as of ``origins.as_of``.
        reference: Rows as of ``origins.reference``.
        earlier: Rows as of ``origins.earlier``.
        current: Rows that the champion scores afterwards.
    """

    origins: Origins
    table_versions: Mapping[str, int]
    training: DataFrame
    test: DataFrame
    reference: DataFrame
    earlier: DataFrame
    current: Snapshot

    @property
    def version(self) -> int:
        """Delta version of ``gold/customer_features``."""
        return self.table_versions[CUSTOMER_FEATURES.name]


def read_inputs(ctx: Context, origins: Origins, history: History) -> Inputs:
    """Write the snapshots of all origins, and read them at the version of the table then.

    A date on or before the lake's first day has no rows. Of a model with a test origin, the newest
    snapshot is written too: its champion scores today's customers, not those of the test.
    """
    scored = history.day_after if origins.test else origins.as_of
    dates = sorted({*origins.dates, scored})
    write_snapshots(ctx, [day for day in dates if day > history.observed_from])
    versions = input_versions(ctx)
    read_at = versions[CUSTOMER_FEATURES.name]
    return Inputs(
        origins,
        versions,
        snapshot(ctx, *origins.train, version=read_at),
        snapshot(ctx, origins.as_of, version=read_at),
        snapshot(ctx, *origins.reference, version=read_at),
        snapshot(ctx, *origins.earlier, version=read_at),
        Snapshot(snapshot(ctx, scored, version=read_at), scored, read_at),
    )


def input_versions(ctx: Context) -> dict[str, int]:
    """Return the current Delta version of every table that a model is trained from."""
    of_gold = [
        *(table.name for table in feature_tables.ACTIVITY),
        CUSTOMER_FEATURES.name,
    ]
    return ctx.lake.versions([*quality.input_tables(ctx), *of_gold])


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of the frames of a training run.

    Attributes:
        training: Of the training frame.
        test: Of the test frame; None if the model is measured on its training rows.
    """

    training: str
    test: str | None = None


def read_frames(
    ctx: Context, model: Model[Any, Any], settings: ModelSettings, inputs: Inputs
) -> tuple[Frames, Hashes]:
    """Collect the rows with their labels, and log those of training and test as inputs of the run.

    A model without a test origin is evaluated on its training rows.

    Returns:
        The frames and their hashes.
    """
    labels, seed = model.labels(settings), settings.seed
    read = partial(labelled, ctx, inputs.table_versions, labels=labels, seed=seed)
    training = read(inputs.training)
    hashes = Hashes(_log_frame(ctx, training, inputs.version, "training"))
    test, earlier = training, pd.DataFrame()
    if inputs.origins.test is not None:
        test = read(inputs.test)
        hashes = replace(hashes, test=_log_frame(ctx, test, inputs.version, "test"))
    if inputs.origins.earlier:
        earlier = read(inputs.earlier)
    return Frames(training, test, earlier, ctx.source.money_unit), hashes


def labelled(
    ctx: Context,
    versions: Mapping[str, int],
    rows: DataFrame,
    *,
    labels: Labels | None,
    seed: int,
) -> pd.DataFrame:
    """Collect rows of ``gold/customer_features`` with all features and their label.

    Args:
        ctx: The context.
        versions: Delta version of each table.
        rows: The rows.
        labels: The label; None if there is none.
        seed: Seed of the sample that is drawn if there are too many rows.
    """
    key = CUSTOMER_FEATURES.key
    numbers = [column.name for column in feature_tables.NUMERIC_FEATURES]
    if labels is not None:
        name = CUSTOMER_DAILY.name
        daily = ctx.lake.read(name, versions[name])
        rows = rows.join(labels.compute(daily, rows, labels.horizon_days), list(key))
        numbers.append(labels.column)
    return to_pandas(rows, key, numbers, seed=seed)


def _log_frame(ctx: Context, frame: pd.DataFrame, version: int, context: str) -> str:
    """Log a frame of ``gold/customer_features`` as an input of the run; return its SHA-256."""
    name = CUSTOMER_FEATURES.name
    digest = content_hash(frame)
    ctx.tracker.log_dataset(
        frame,
        name=name,
        path=ctx.lake.path(name),
        version=version,
        context=context,
        digest=digest,
    )
    return digest
