"""Scores of all customers, written to gold at the end of a training run."""

from datetime import date
from typing import Any

from pyspark.sql import DataFrame

from goldrun.io.delta.compaction import compact_if_free
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.score.scorer import Scorer
from goldrun.learning.model import Model


def publish(ctx: Context, model: Model[Any, Any], features: DataFrame, as_of: date) -> None:
    """Score all customers with the champion, where the model has a publication.

    Nothing is written while there is no champion.

    Args:
        ctx: The context.
        model: The model.
        features: Rows of ``gold/customer_features`` as of ``as_of``.
        as_of: Their date.
    """
    if model.publication is None:
        return
    table = model.publication.table
    # Changes are not recorded: a past date or a new model is no change of a customer.
    scorer = Scorer(model.name)
    if not scorer.refresh(ctx):
        log.warning("    %s is not written: there is no champion to score with", table.name)
        return
    with step(f"gold: {table.name.split('/')[1]}"):
        scorer.score_everyone(ctx, features, as_of)
        compact_if_free(ctx.lake, table)
