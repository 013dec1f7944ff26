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

from goldrun.contracts import gold as G
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.errors import TrackingError
from goldrun.io.frames import slices, to_pandas
from goldrun.io.models import load_champion
from goldrun.io.tracking import Champion, store_explained
from pipelines._command import Context, log

MODEL = "segmentation"
NAMES = "segments.json"
"""Artifact of a training run that names the segments by number."""
_STORED, _RECORDED = "_stored", "_recorded"


@dataclass
class Scorer:
    """Scores with the champion of the moment; a new one is loaded when the alias has moved.

    Attributes:
        champion: Registered version; None when there is none yet.
        model: Its pipeline.
        features: Columns that it was trained on.
        names: Name of a segment by its number, as text.
    """

    champion: Champion | None = None
    model: Any = None
    features: Sequence[str] = ()
    names: dict[str, str] | None = None

    def refresh(self, ctx: Context) -> bool:
        """Look which version is champion; return whether there is one.

        What can't be asked or loaded is told, and the champion known so far goes on: no record
        waits for the registry.
        """
        try:
            with store_explained():
                newest = ctx.tracker.champion(MODEL)
                if newest is not None and newest != self.champion:
                    model, features = load_champion(newest)
                    names = json.loads(ctx.tracker.read_artifact(newest.run_id, NAMES))
                    self.model, self.features, self.names = model, features, names
                self.champion = newest
        except TrackingError as error:
            log.warning("The champion of %s can't be asked for: %s", MODEL, error)
        return self.champion is not None

    def _frame(self, ctx: Context, rows: pd.DataFrame, as_of: date) -> DataFrame:
        """Make rows of ``gold/segments`` of customers with their features; needs a champion."""
        assert self.champion is not None
        assert self.names is not None
        numbers = [int(n) for n in self.model.predict(rows[list(self.features)])]
        scored = [
            (customer, as_of, number, self.names[str(number)], self.champion.version)
            for customer, number in zip(rows[CUSTOMER_ID], numbers, strict=True)
        ]
        return ctx.lake.frame(G.SEGMENTS, scored)

    def score(self, ctx: Context, features: DataFrame, as_of: date, customers: DataFrame) -> int:
        """Bring ``gold/segments`` up to date for some customers; return how many changed segment.

        Args:
            ctx: The context.
            features: Their rows of ``gold/customer_features``; who has none has no segment.
            as_of: Date of the features.
            customers: One row a ``customer_id``.
        """
        if not self.refresh(ctx):
            return 0
        changed = 0
        for part in slices(customers.count(), CUSTOMER_ID):
            theirs = features.where(part)
            rows = to_pandas(theirs, [CUSTOMER_ID], self.features, seed=0, quiet=True)
            changed += self._put(ctx, self._frame(ctx, rows, as_of), customers.where(part))
        return changed

    def score_everyone(self, ctx: Context, features: DataFrame, as_of: date) -> int:
        """Bring all of ``gold/segments`` up to date; return how many changed segment."""
        known = ctx.lake.read_or_empty(G.SEGMENTS).select(CUSTOMER_ID)
        customers = features.select(CUSTOMER_ID).union(known).distinct()
        return self.score(ctx, features, as_of, customers)

    def _put(self, ctx: Context, scored: DataFrame, customers: DataFrame) -> int:
        """Make ``gold/segments`` hold these rows of these customers; return how many changed."""
        lake = ctx.lake
        with lake.writing(G.SEGMENTS.name, G.SEGMENT_CHANGES.name):
            stored = lake.read_or_empty(G.SEGMENTS).join(customers, CUSTOMER_ID, "left_semi")
            recorded = lake.read_or_empty(G.SEGMENT_CHANGES)
            changes = _changes(ctx, stored, recorded, scored).localCheckpoint()
            # First what changed: after a stop between the two it would be found no more.
            lake.upsert(G.SEGMENT_CHANGES, changes)
            lake.exchange(G.SEGMENTS, scored, stored)
        return changes.count()


def _changes(ctx: Context, stored: DataFrame, recorded: DataFrame, scored: DataFrame) -> DataFrame:
    """Who was in another segment of the same version of the model; others can't be compared.

    Where somebody was is what was recorded last, if anything was: a stop between recording a
    change and writing the segment leaves the stored one behind, and the change is not a new one.
    """
    same = [CUSTOMER_ID, G.MODEL_VERSION]
    before = stored.select(*same, _place(G.SEGMENT, G.SEGMENT_NAME).alias(_STORED))
    place = F.max_by(_place(G.TO_SEGMENT, G.TO_NAME), G.CHANGED_AT).alias(_RECORDED)
    theirs = recorded.join(scored, same, "left_semi").groupBy(*same).agg(place)
    was = F.coalesce(_RECORDED, _STORED)
    now = scored.select(
        *same, F.col(G.SEGMENT).alias(G.TO_SEGMENT), F.col(G.SEGMENT_NAME).alias(G.TO_NAME)
    )
    both = now.join(before, same).join(theirs, same, "left")
    return both.select(
        CUSTOMER_ID,
        was[G.SEGMENT].alias(G.FROM_SEGMENT),
        was[G.SEGMENT_NAME].alias(G.FROM_NAME),
        G.TO_SEGMENT,
        G.TO_NAME,
        G.MODEL_VERSION,
        F.lit(ctx.now).cast("timestamp").alias(G.CHANGED_AT),
    ).where(F.col(G.FROM_SEGMENT) != F.col(G.TO_SEGMENT))


def _place(segment: str, name: str) -> SparkColumn:
    return F.struct(F.col(segment).alias(G.SEGMENT), F.col(name).alias(G.SEGMENT_NAME))
