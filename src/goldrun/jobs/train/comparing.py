"""The comparison of a version with a champion, on the version's own test rows."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Champion
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.model import Frames, Model
from goldrun.learning.publication import LoadedModel
from goldrun.registry.gate import HeadToHead


def comparison(
    model: Model[Any, Any],
    settings: ModelSettings,
    metrics: Mapping[str, float | None],
    frames: Frames,
) -> Callable[[Champion, int], HeadToHead]:
    """Return a function that loads a champion and compares a version with it.

    Args:
        model: The model.
        settings: Settings of the version.
        metrics: Metrics of the version.
        frames: Its test rows.
    """

    def compare(champion: Champion, looks: int) -> HeadToHead:
        score = model.score_champion(settings, loaded(champion), frames)
        mine = metrics[model.metric]
        return HeadToHead(model.metric, math.nan if mine is None else mine, score, champion.version)

    return compare


def loaded(version: Champion) -> LoadedModel:
    """Load a registered version; errors as ``load_champion``."""
    pipeline, features = load_champion(version)
    return LoadedModel(version.version, pipeline, tuple(features), {})
