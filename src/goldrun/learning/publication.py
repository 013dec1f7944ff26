"""How the champion's scores are published in gold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from sklearn.pipeline import Pipeline

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.source import NO_CURRENCY
from goldrun.contracts.table import Table
from goldrun.learning.inputs import ModelSettings


@dataclass(frozen=True)
class LoadedModel:
    """A registered version, loaded for scoring.

    Attributes:
        version: Its number.
        model: Its pipeline.
        features: Columns that it was trained on, in order.
        texts: Text artifacts of its training run by path, those that ``Publication.texts`` names.
    """

    version: int
    model: Pipeline
    features: tuple[str, ...]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Scoring:
    """Parameters of a scoring, beside the rows.

    Attributes:
        as_of: Date of the features.
        currency: Unit of money, for text.
        settings: Settings of the model now; None in a stream.
        features_version: Delta version of ``gold/customer_features`` that the rows were read at;
            None for rows that are not stored.
    """

    as_of: date
    currency: str = NO_CURRENCY
    settings: ModelSettings | None = None
    features_version: int | None = None


@dataclass(frozen=True)
class Changes:
    """A gold table of the changes of a publication.

    Attributes:
        table: The table.
        find: Takes the published rows, the recorded changes, the new rows and the time of scoring;
            returns the rows to add to ``table``.
    """

    table: Table
    find: Callable[[DataFrame, DataFrame, DataFrame, datetime], DataFrame]


@dataclass(frozen=True)
class Publication:
    """The gold table that holds the champion's scores.

    Attributes:
        table: The table; its key is ``customer_id``.
        score: Takes the champion, rows of ``gold/customer_features`` (``customer_id``, the
            champion's features and ``columns``) and what else is known; returns rows of ``table``,
            values in the order of its columns.
        texts: Paths of text artifacts of the training run that ``score`` needs.
        columns: Further numeric features that ``score`` reads.
        complete: Takes the rows of all customers and returns them with what depends on all of
            them, such as a rank; None if each row depends on its customer alone. With it, the
            table is always written whole, so that a stream can't keep it up to date.
        order: Columns that a list of the scores is sorted by, ascending.
        changes: Where a stream records which rows changed; None if that is not recorded.
    """

    table: Table
    score: Callable[[LoadedModel, pd.DataFrame, Scoring], list[tuple[Any, ...]]]
    texts: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    complete: Callable[[DataFrame], DataFrame] | None = None
    order: tuple[str, ...] = (CUSTOMER_ID,)
    changes: Changes | None = None
