"""Continue a lake whose transactions an earlier goldrun wrote with other types."""

from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.ops import GOLD_PROGRESS
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.io.delta.lake import Lake
from goldrun.io.delta.retype import has_other_types, retype
from goldrun.jobs.context import Context, log
from goldrun.medallion.silver import with_content_hash

_TABLES = (lineage.silver_table(TRANSACTIONS), lineage.history_table(TRANSACTIONS))
"""Tables with a column whose type has changed: ``quantity``, which was an integer."""


def continue_old_types(ctx: Context) -> None:
    """Rewrite the transactions and the daily activity of an older lake with today's types.

    Each table is one commit. The hash of a transaction's content depends on the type, so it is
    computed again. Gold can't read the changes of silver across a change of types: before the
    transactions are rewritten its progress is removed, so that its next run computes all again.
    """
    if has_other_types(ctx.lake, CUSTOMER_DAILY):
        with ctx.lake.writing(CUSTOMER_DAILY.name):
            log.info("    %s is rewritten once with the types of its columns", CUSTOMER_DAILY.name)
            retype(ctx.lake, CUSTOMER_DAILY)
    old = [table for table in _TABLES if has_other_types(ctx.lake, table)]
    if not old:
        return
    with ctx.lake.writing(GOLD_PROGRESS.name, *(table.name for table in old)):
        _forget_progress(ctx.lake)
        for table in old:
            log.info("    %s: quantity becomes a decimal; its rows are rewritten once", table.name)
            retype(ctx.lake, table, _with_hash)


def _with_hash(rows: DataFrame) -> DataFrame:
    given = {*TRANSACTIONS.names, lineage.RECORD_ID, lineage.CONTENT_HASH}
    given |= {lineage.SOURCE, lineage.BATCH_ID}
    others = [name for name in rows.columns if name not in given]
    return with_content_hash(rows, TRANSACTIONS, beside=others)


def _forget_progress(lake: Lake) -> None:
    if lake.exists(GOLD_PROGRESS.name):
        lake.replace(GOLD_PROGRESS, lake.frame(GOLD_PROGRESS, []))
