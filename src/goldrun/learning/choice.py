"""The result of a choice among the candidates of a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from goldrun.learning.inputs import ModelSettings
from goldrun.learning.report import Report

S = TypeVar("S", bound=ModelSettings)


@dataclass(frozen=True)
class Trial:
    """A candidate's scores, logged as a nested run.

    Attributes:
        name: Name of the candidate.
        parameters: Its settings.
        metrics: Its metrics; empty for a candidate that can't be trained.
        note: Whether it was chosen, or why it can't be trained.
    """

    name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    note: str


@dataclass(frozen=True)
class Choice(Generic[S]):
    """The settings that a model is trained with.

    Attributes:
        settings: Those of the chosen candidate.
        name: Its name; empty if there was nothing to choose.
        reason: Why it was chosen, in a sentence.
        trials: All candidates, in the order of the settings.
        report: Figures and tables of the choice.
    """

    settings: S
    name: str = ""
    reason: str = ""
    trials: tuple[Trial, ...] = ()
    report: Report = field(default_factory=Report)
