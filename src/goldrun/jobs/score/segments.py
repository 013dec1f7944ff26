"""Customers put into the champion's segments, and those who change segment recorded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.errors import ContractError, ForeignModelError, TrackingError
from goldrun.io.frames import slices, to_pandas
from goldrun.io.tracking.errors import store_explained
from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.context import Context, log
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.promote.champions import champion_of

NAMES = "segments.json"
"""Artifact of a training run that names the segments by number."""
_STORED, _RECORDED = "_stored", "_recorded"


@dataclass
class Scorer:
    """Scores with the champion of the moment; a new one is loaded when the alias has moved.

    Attributes:
        following: Whether it follows a stream: then it records who changes segment, and goes on
            when the registry fails, because no record waits for that.
        champion: Registered version; None when there is none yet.
        model: Its pipeline.
        features: Columns that it was trained on.
        names: Name of a segment by its number, as text.
    """

    following: bool = False
    champion: Champion | None = None
    model: Any = None
    features: Sequence[str] = ()
    names: dict[str, str] | None = None

    def refresh(self, ctx: Context) -> bool:
        """Look which version is champion; return whether there is one.

        Raises:
            TrackingError: The registry can't be asked, or the champion can't be loaded.
            ForeignModelError: The champion is another shop's. A stream only logs either, and goes
                on with the champion known so far.
        """
        try:
            with store_explained():
                newest = champion_of(ctx, SEGMENTATION)
                if newest is not None and newest != self.champion:
                    model, features = load_champion(newest)
                    names = json.loads(ctx.tracker.read_artifact(newest.run_id, NAMES))
                    self.model, self.features, self.names = model, features, names
                self.champion = newest
        except (TrackingError, ContractError, ForeignModelError) as error:
            if not self.following:
                raise
            log.warning(
                "The champion of %s can't be had (%s): customers are scored with the one known so "
                "far, if there is one, and it is asked for again with the next micro-batch",
                *(SEGMENTATION, error),
            )
        return self.champion is not None

    def _frame(self, ctx: Context, rows: pd.DataFrame, as_of: date) -> DataFrame:
        """Make rows of ``gold/segments`` of customers with their features; needs a champion."""
        assert self.champion is not None
        assert self.names is not None
        # Of customers without a paid order there are no features, and no model takes no rows.
        numbers = self.model.predict(rows[list(self.features)]) if len(rows) else []
        scored = [
            (customer, as_of, int(number), self.names[str(number)], self.champion.version)
            for customer, number in zip(rows[CUSTOMER_ID], numbers, strict=True)
        ]
        return ctx.lake.frame(gold.SEGMENTS, scored)

    def score(self, ctx: Context, features: DataFrame, as_of: date, customers: DataFrame) -> None:
        """Bring ``gold/segments`` up to date for some customers; ``refresh`` has found a champion.

        Args:
            ctx: The context.
            features: Their rows of ``gold/customer_features``; who has none has no segment.
            as_of: Date of the features.
            customers: One row a ``customer_id``.
        """
        for part in slices(customers.count(), CUSTOMER_ID):
            theirs = features.where(part)
            rows = to_pandas(theirs, [CUSTOMER_ID], self.features, seed=0, quiet=True)
            self._put(ctx, self._frame(ctx, rows, as_of), customers.where(part))

    def score_everyone(self, ctx: Context, features: DataFrame, as_of: date) -> None:
        """Bring all of ``gold/segments`` up to date; ``refresh`` has found a champion."""
        known = ctx.lake.read_or_empty(gold.SEGMENTS).select(CUSTOMER_ID)
        customers = features.select(CUSTOMER_ID).union(known).distinct()
        self.score(ctx, features, as_of, customers)

    def _put(self, ctx: Context, scored: DataFrame, customers: DataFrame) -> None:
        """Make ``gold/segments`` hold these rows of these customers."""
        lake = ctx.lake
        with lake.writing(gold.SEGMENTS.name, gold.SEGMENT_CHANGES.name):
            stored = lake.read_or_empty(gold.SEGMENTS).join(customers, CUSTOMER_ID, "left_semi")
            if self.following:
                # First what changed: after a stop between the two it would be found no more.
                recorded = lake.read_or_empty(gold.SEGMENT_CHANGES)
                changes = _changes(ctx, stored, recorded, scored).localCheckpoint()
                lake.upsert(gold.SEGMENT_CHANGES, changes)
            lake.replace_rows(gold.SEGMENTS, scored, stored)


def _changes(ctx: Context, stored: DataFrame, recorded: DataFrame, scored: DataFrame) -> DataFrame:
    """Who was in another segment of the same version of the model; others can't be compared.

    A stop between recording a change and writing the segment leaves the stored one behind: the
    last record then begins where the stored one still is, and where it ends is where they were.
    """
    same = [CUSTOMER_ID, gold.MODEL_VERSION]
    before = stored.select(*same, _place(gold.SEGMENT, gold.SEGMENT_NAME).alias(_STORED))
    last = F.struct(
        _place(gold.FROM_SEGMENT, gold.FROM_NAME).alias("start"),
        _place(gold.TO_SEGMENT, gold.TO_NAME).alias("end"),
    )
    theirs = recorded.join(scored, same, "left_semi")
    theirs = theirs.groupBy(*same).agg(F.max_by(last, gold.CHANGED_AT).alias(_RECORDED))
    left_behind = F.col(_RECORDED)["start"][gold.SEGMENT] == F.col(_STORED)[gold.SEGMENT]
    was = F.when(left_behind, F.col(_RECORDED)["end"]).otherwise(F.col(_STORED))
    now = scored.select(
        *same,
        F.col(gold.SEGMENT).alias(gold.TO_SEGMENT),
        F.col(gold.SEGMENT_NAME).alias(gold.TO_NAME),
    )
    both = now.join(before, same).join(theirs, same, "left")
    return both.select(
        CUSTOMER_ID,
        was[gold.SEGMENT].alias(gold.FROM_SEGMENT),
        was[gold.SEGMENT_NAME].alias(gold.FROM_NAME),
        gold.TO_SEGMENT,
        gold.TO_NAME,
        gold.MODEL_VERSION,
        F.lit(ctx.now).cast("timestamp").alias(gold.CHANGED_AT),
    ).where(F.col(gold.FROM_SEGMENT) != F.col(gold.TO_SEGMENT))


def _place(segment: str, name: str) -> SparkColumn:
    return F.struct(F.col(segment).alias(gold.SEGMENT), F.col(name).alias(gold.SEGMENT_NAME))
