"""What a trainable model is: the protocol that the training job calls, and the values it exchanges.

A model computes; it reads and writes nothing, which the training job does.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from sklearn.pipeline import Pipeline

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.source import NO_CURRENCY
from goldrun.features.labels import History
from goldrun.learning.choice import Choice
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.origins import Origins
from goldrun.learning.publication import LoadedModel, Publication
from goldrun.learning.report import Report


@dataclass(frozen=True)
class Labels:
    """The label of a supervised model.

    Attributes:
        column: Name of the label's column.
        horizon_days: Length of the label window [as_of, as_of + horizon_days).
        compute: Takes ``gold/customer_daily``, rows of ``gold/customer_features`` and the horizon;
            returns ``customer_id, as_of, <column>``, one row per row of the features.
    """

    column: str
    horizon_days: int
    compute: Callable[[DataFrame, DataFrame, int], DataFrame]


@dataclass(frozen=True)
class Frames:
    """Rows of ``gold/customer_features`` in memory, each with its label if there are labels.

    Attributes:
        training: Rows as of ``Origins.train``, sorted by customer and as_of.
        earlier: Rows as of ``Origins.earlier``.
        test: Rows as of ``Origins.test``; the training rows if that is None.
        currency: Unit of money, for figures.
        baselines: Result of ``Model.baselines``; empty before the job has computed it.
    """

    training: pd.DataFrame
    test: pd.DataFrame
    earlier: pd.DataFrame = field(default_factory=pd.DataFrame)
    currency: str = NO_CURRENCY
    baselines: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """A trained model.

    Attributes:
        model: The scikit-learn pipeline that is registered.
    """

    model: Pipeline


S = TypeVar("S", bound=ModelSettings)
F = TypeVar("F", bound=Fitted)


class Model(Protocol[S, F]):
    """A trainable model, for settings of type ``S`` and fitted models of type ``F``.

    A model subclasses it and defines the attributes and the abstract methods; the other methods
    return nothing unless it overrides them.

    Attributes:
        name: Name of the model, of its TOML file in ``models/`` and of its folder here.
        settings: Class of its settings, read from ``models/<name>.toml``.
        predict: Method of the pipeline with which a served model answers.
        metric: Metric in which challenger and champion are compared; higher is better.
        publication: The gold table of the champion's scores; None when there is none.
    """

    name: ClassVar[str]
    settings: type[S]
    predict: ClassVar[str]
    metric: ClassVar[str]
    publication: ClassVar[Publication | None] = None

    @abstractmethod
    def origins(self, settings: S, history: History, as_of: date | None) -> Origins:
        """Return the dates to train on and to test at.

        Args:
            settings: The settings.
            history: First and last days of the lake.
            as_of: Date of the test rows, else of the training rows; None for the latest possible.

        Raises:
            AsOfError: The history is too short, or does not cover ``as_of``.
        """

    def labels(self, settings: S) -> Labels | None:
        """Return the label, or None for an unsupervised model."""
        return None

    def choose(self, settings: S, training: pd.DataFrame, earlier: pd.DataFrame) -> Choice[S]:
        """Choose among the candidates that the settings declare, on rows before the test.

        This default is for a model without candidates: it returns the settings unchanged.

        Args:
            settings: Settings that declare the candidates.
            training: Rows of the training dates, ``Frames.training``.
            earlier: Rows of the dates before them, ``Frames.earlier``.

        Returns:
            The settings to train with, and the candidates' scores.
        """
        return Choice(settings)

    @abstractmethod
    def fit(self, settings: S, training: pd.DataFrame) -> F:
        """Train on rows of ``Frames.training``; equal rows in any order give equal models.

        Raises:
            AsOfError: The rows do not suffice to train on.
        """

    def baselines(self, settings: S, frames: Frames) -> dict[str, NDArray[np.float64]]:
        """Return the scores to exceed, by name, each of shape (test rows,)."""
        return {}

    @abstractmethod
    def evaluate(self, settings: S, fitted: F, frames: Frames) -> dict[str, float]:
        """Return the metrics of the model and of its baselines (``<baseline>.<metric>``)."""

    @abstractmethod
    def criteria(self, settings: S) -> tuple[Criterion, ...]:
        """Return the conditions on the metrics that a promotion requires, at least one."""

    @abstractmethod
    def compare(
        self, settings: S, challenger: LoadedModel, champion: LoadedModel, frames: Frames
    ) -> HeadToHead:
        """Compare a version with the champion by ``metric``, on the rows of ``evaluate``.

        Args:
            settings: The settings.
            challenger: The version.
            champion: The champion.
            frames: The version's rows; only those that it is measured on are needed.
        """

    @abstractmethod
    def summary(self, metrics: Mapping[str, float]) -> str:
        """Return the main metrics as text, for logs and the summary."""

    def parameters(self, fitted: F) -> dict[str, Any]:
        """Return parameters to log that training found, by name."""
        return {}

    def class_names(self, fitted: F) -> Mapping[int, str]:
        """Return names of the classes that an unsupervised model predicts, by number."""
        return {}

    def report(
        self, settings: S, fitted: F, frames: Frames, metrics: Mapping[str, float]
    ) -> Report:
        """Return figures, tables, texts and details; none unless a model overrides it.

        ``metrics`` is the result of ``evaluate``.
        """
        return Report()
