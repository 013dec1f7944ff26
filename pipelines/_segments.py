"""Customers put into the champion's segments, and those who change segment recorded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold as G
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.io.frames import to_pandas
from goldrun.io.models import load_champion
from goldrun.io.tracking import Champion
from pipelines._command import Context

MODEL = "segmentation"
NAMES = "segments.json"
"""Artifact of a training run that names the segments by number."""
_NEW = "_new_"


@dataclass
class Scorer:
    """Scores with the champion of the moment; a new one is loaded when the alias has moved."""

    champion: Champion | None = None
    model: Any = None
    features: Sequence[str] = ()
    names: dict[str, str] | None = None

    def refresh(self, ctx: Context) -> bool:
        """Look which version is champion; return whether there is one."""
        newest = ctx.tracker.champion(MODEL)
        if newest is not None and newest != self.champion:
            self.model, self.features = load_champion(newest)
            self.names = json.loads(ctx.tracker.read_artifact(newest.run_id, NAMES))
        self.champion = newest
        return newest is not None

    def frame(self, ctx: Context, rows: pd.DataFrame, as_of: date) -> DataFrame:
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
        rows = to_pandas(features, [CUSTOMER_ID], self.features, seed=0, quiet=True)
        scored = self.frame(ctx, rows, as_of)
        lake = ctx.lake
        with lake.writing(G.SEGMENTS.name, G.SEGMENT_CHANGES.name):
            stored = lake.read_or_empty(G.SEGMENTS).join(customers, CUSTOMER_ID, "left_semi")
            changes = _changes(ctx, stored, scored).localCheckpoint()
            # First what changed: after a stop between the two it would be found no more.
            lake.upsert(G.SEGMENT_CHANGES, changes)
            lake.exchange(G.SEGMENTS, scored, stored)
        return changes.count()


def _changes(ctx: Context, stored: DataFrame, scored: DataFrame) -> DataFrame:
    """Who was in another segment of the same version of the model; others can't be compared."""
    before = stored.select(
        CUSTOMER_ID,
        G.MODEL_VERSION,
        F.col(G.SEGMENT).alias(G.FROM_SEGMENT),
        F.col(G.SEGMENT_NAME).alias(G.FROM_NAME),
    )
    now = scored.select(
        CUSTOMER_ID,
        G.MODEL_VERSION,
        F.col(G.SEGMENT).alias(G.TO_SEGMENT),
        F.col(G.SEGMENT_NAME).alias(G.TO_NAME),
    )
    both = now.join(before, [CUSTOMER_ID, G.MODEL_VERSION])
    moved = both.where(F.col(G.FROM_SEGMENT) != F.col(G.TO_SEGMENT))
    at = F.lit(ctx.now).cast("timestamp").alias(G.CHANGED_AT)
    return moved.select("*", at).select(*G.SEGMENT_CHANGES.names)
