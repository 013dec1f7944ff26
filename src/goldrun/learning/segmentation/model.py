"""The segmentation model: trained on the newest features and measured by its stability."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from goldrun.contracts import gold
from goldrun.contracts.criterion import Criterion
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.features.labels import History
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.inputs import feature_frame
from goldrun.learning.model import Frames, Model
from goldrun.learning.origins import Origins
from goldrun.learning.publication import Changes, LoadedModel, Publication, Scoring
from goldrun.learning.report import Report
from goldrun.learning.segmentation.changes import segment_changes
from goldrun.learning.segmentation.clustering import (
    SegmentationFit,
    bootstrap_ari,
    fit_segments,
    segment_count,
)
from goldrun.learning.segmentation.names import profile, rfm_of
from goldrun.learning.segmentation.plots import choice_of_k, segment_profile
from goldrun.learning.segmentation.settings import SegmentationSettings

NAMES = "segments.json"
"""Text artifact of a training run: the name of each segment by its number."""


def score_segments(
    champion: LoadedModel, rows: pd.DataFrame, scoring: Scoring
) -> list[tuple[str, date, int, str, int]]:
    """Return the row of ``gold/segments`` of each customer.

    Args:
        champion: The version to score with.
        rows: ``customer_id`` and the champion's features, one row per customer; may be empty.
        scoring: Date of the features.
    """
    names = json.loads(champion.texts[NAMES])
    # scikit-learn does not predict for an empty frame.
    numbers = champion.model.predict(rows[list(champion.features)]) if len(rows) else []
    return [
        (customer, scoring.as_of, int(number), names[str(number)], champion.version)
        for customer, number in zip(rows[CUSTOMER_ID], numbers, strict=True)
    ]


class Segmentation(Model[SegmentationSettings, SegmentationFit]):
    """Groups of customers with similar recency, frequency and spend."""

    name = "segmentation"
    settings = SegmentationSettings
    predict = "predict"
    metric = "bootstrap_ari"
    publication = Publication(
        gold.SEGMENTS,
        score_segments,
        texts=(NAMES,),
        changes=Changes(gold.SEGMENT_CHANGES, segment_changes),
    )

    def origins(
        self, settings: SegmentationSettings, history: History, as_of: date | None
    ) -> Origins:
        """Return one training date, by default the day after the last one of the lake.

        Drift's reference lies ``drift_reference_days`` earlier, possibly before the lake's first
        day; it then has no rows, and drift is unknown.
        """
        train = history.check_features(as_of or history.day_after)
        reference = train - timedelta(days=settings.drift_reference_days)
        return Origins((train,), reference=(reference,))

    def fit(self, settings: SegmentationSettings, training: pd.DataFrame) -> SegmentationFit:
        """Choose the number of segments and train; errors as ``fit_segments``."""
        return fit_segments(settings, training)

    def evaluate(
        self,
        settings: SegmentationSettings,
        fitted: SegmentationFit,
        frames: Frames,
    ) -> dict[str, float]:
        """Return stability, smallest share and silhouette of the chosen number of segments."""
        return {"segments": float(fitted.k), **_numbers(fitted, fitted.k)}

    def criteria(self, settings: SegmentationSettings) -> tuple[Criterion, ...]:
        """Require the smallest accepted stability and share of the settings."""
        return (
            Criterion("bootstrap_ari", at_least=settings.min_stability),
            Criterion("smallest_share", at_least=settings.min_share),
        )

    def compare(
        self,
        settings: SegmentationSettings,
        challenger: LoadedModel,
        champion: LoadedModel,
        frames: Frames,
    ) -> HeadToHead:
        """Compare the segments of the same customers, and the stability of both models.

        Stability alone favours few segments, because a refit reproduces them more easily.
        """
        rows = frames.test
        both = (challenger, champion)
        segments = [one.model.predict(feature_frame(rows, one.features)) for one in both]
        stability = [bootstrap_ari(one.model, rows, settings) for one in both]
        # A segment that nobody is in any more counts, too.
        shares = np.bincount(segments[1], minlength=segment_count(champion.model)) / len(rows)
        return HeadToHead(
            metric="bootstrap_ari",
            challenger=stability[0],
            champion=stability[1],
            champion_version=champion.version,
            agreement=float(adjusted_rand_score(*segments)),
            champion_holds=(
                stability[1] >= settings.min_stability and shares.min() >= settings.min_share
            ),
        )

    def summary(self, metrics: Mapping[str, float]) -> str:
        """Return the number of segments and their stability."""
        return f"{metrics['segments']:.0f} segments, bootstrap ARI {metrics['bootstrap_ari']:.3f}"

    def parameters(self, fitted: SegmentationFit) -> dict[str, Any]:
        """Return the number of segments as ``k``."""
        return {"k": fitted.k}

    def class_names(self, fitted: SegmentationFit) -> Mapping[int, str]:
        """Return the names of the segments."""
        return fitted.names

    def report(
        self,
        settings: SegmentationSettings,
        fitted: SegmentationFit,
        frames: Frames,
        metrics: Mapping[str, float],
    ) -> Report:
        """Profile the segments, and keep the numbers of every number of segments tried."""
        segments = fitted.model.predict(frames.training[list(settings.features)])
        rfm = rfm_of(settings.features)
        described = profile(fitted.names, segments, frames.training, rfm)
        return Report(
            figures={
                "segments": segment_profile(described, rfm, frames.currency),
                "choice_of_k": choice_of_k(fitted),
            },
            tables={"segments": described},
            texts={NAMES: json.dumps(fitted.names, indent=2)},
            details={
                f"k{k}.{name}": value
                for k in fitted.stability
                for name, value in _numbers(fitted, k).items()
            },
        )


def _numbers(fitted: SegmentationFit, k: int) -> dict[str, float]:
    return {
        "bootstrap_ari": fitted.stability[k],
        "smallest_share": fitted.smallest_share[k],
        "silhouette": fitted.silhouette[k],
    }


MODEL = Segmentation()
