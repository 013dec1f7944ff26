"""Scores of all customers, written to gold at the end of a training run."""

from typing import Any

from goldrun.io.delta.compaction import compact_if_free
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.score.snapshot import Snapshot
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.model import Model


def publish(
    ctx: Context,
    model: Model[Any, Any],
    settings: ModelSettings,
    current: Snapshot,
    *,
    accept_alias: bool = False,
) -> int | None:
    """Score all customers with the champion, if the model has a publication.

    Nothing is written while there is no champion.

    Args:
        ctx: The context.
        model: The model.
        settings: Its settings.
        current: The rows to score.
        accept_alias: Whether to score with a version that is not champion by the ledger.

    Returns:
        The version that scored; None if nothing is written.
    """
    if model.publication is None:
        return None
    table = model.publication.table
    # Changes are not recorded: a past date or a new model is no change of a customer.
    scorer = Scorer(model.name, settings=settings, accept_alias=accept_alias)
    if not scorer.refresh(ctx):
        log.warning("    %s is not written: there is no champion to score with", table.name)
        return None
    with step(f"gold: {table.name.split('/')[1]} as of {current.as_of}"):
        scorer.score_everyone(ctx, current.rows, current.as_of, current.version)
        compact_if_free(ctx.lake, table)
    return scorer.version
