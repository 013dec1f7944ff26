"""The rows of ``gold/churn_scores``: probability, rank, expected profit and reasons."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.learning import phrases
from goldrun.learning.churn.classifier import churn_probability
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.contributions.contributions import Contributions, contributions
from goldrun.learning.evaluation import Floats
from goldrun.learning.publication import LoadedModel, Publication, Scoring

MOST_REASONS = 3
_LEAST = 0.01
"""Smallest contribution that is a reason, in log-odds: a quarter of a percentage point at most."""
_UNRANKED = 0
_SMALLEST_UNIT = Decimal("0.0001")

Row = tuple[str, date, float, int, Decimal | None, list[str], int, int | None]


def score_churn(champion: LoadedModel, rows: pd.DataFrame, scoring: Scoring) -> list[Row]:
    """Return the row of ``gold/churn_scores`` of each customer, without its rank.

    Args:
        champion: The version to score with.
        rows: ``customer_id``, the champion's features and ``phrases.BESIDE``, one row per customer;
            may be empty.
        scoring: Date, currency, version of the features, and the churn settings with the campaign.
    """
    if rows.empty:
        return []
    probability = churn_probability(champion.model, rows, champion.features)
    found = contributions(champion.model, rows, champion.features)
    return [
        (customer, scoring.as_of, *values, champion.version, scoring.features_version)
        for customer, *values in zip(
            rows[CUSTOMER_ID],
            probability.tolist(),
            [_UNRANKED] * len(rows),
            _profits(probability, scoring),
            reasons(found, rows, scoring.currency),
            strict=True,
        )
    ]


def _profits(probability: Floats, scoring: Scoring) -> Sequence[Decimal | None]:
    settings = scoring.settings
    if not isinstance(settings, ChurnSettings) or settings.campaign is None:
        return [None] * len(probability)
    profits = settings.campaign.expected_profit(probability)
    return [
        Decimal(repr(profit)).quantize(_SMALLEST_UNIT, ROUND_HALF_UP) for profit in profits.tolist()
    ]


def reasons(found: Contributions, rows: pd.DataFrame, currency: str) -> list[list[str]]:
    """Describe the features that raise each customer's probability most, the strongest first.

    Args:
        found: Contributions of the rows.
        rows: Values of the features, and of ``phrases.BESIDE`` if they are known.
        currency: Unit of money.

    Returns:
        Up to three texts a row, none of a feature that lowers the probability or hardly raises it.
    """
    names = [*dict.fromkeys((*found.features, *phrases.BESIDE))]
    known = rows.reindex(columns=names).astype(np.float64)
    strongest = np.argsort(-found.values, axis=1, kind="stable")[:, :MOST_REASONS]
    sizes = np.take_along_axis(found.values, strongest, axis=1)
    return [
        [
            phrases.describe(found.features[place], dict(zip(names, values, strict=True)), currency)
            for place, size in zip(places, raised, strict=True)
            if size >= _LEAST
        ]
        for places, raised, values in zip(strongest, sizes, known.to_numpy(), strict=True)
    ]


def ranked(scores: DataFrame) -> DataFrame:
    """Give each of all customers a rank: by descending probability, ties by ``customer_id``.

    Args:
        scores: Rows of ``gold/churn_scores`` as of one date, one per customer; their ranks are
            replaced.
    """
    everybody = Window.partitionBy(gold.AS_OF)
    likeliest_first = everybody.orderBy(F.desc(gold.CHURN_PROBABILITY), CUSTOMER_ID)
    return scores.withColumn(gold.RANK, F.row_number().over(likeliest_first))


PUBLICATION = Publication(
    gold.CHURN_SCORES,
    score_churn,
    columns=phrases.BESIDE,
    complete=ranked,
    order=(gold.RANK,),
)
