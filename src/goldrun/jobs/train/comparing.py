"""The comparison of a version with a champion, on the version's own test rows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Champion
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.model import Frames, Model
from goldrun.learning.publication import LoadedModel


def comparison(
    model: Model[Any, Any], settings: ModelSettings, challenger: LoadedModel, frames: Frames
) -> Callable[[Champion, int], HeadToHead]:
    """Return a function that loads a champion and compares a version with it.

    Args:
        model: The model.
        settings: Settings of the version.
        challenger: The version.
        frames: Its test rows.
    """

    def compare(champion: Champion, looks: int) -> HeadToHead:
        found = model.compare(settings, challenger, loaded(champion), frames)
        return replace(found, looks=looks)

    return compare


def loaded(version: Champion) -> LoadedModel:
    """Load a registered version; errors as ``load_champion``."""
    pipeline, features = load_champion(version)
    return LoadedModel(version.version, pipeline, tuple(features), {})
