"""Recognise the records of persons who were erased from a lake."""

from pyspark.sql import DataFrame

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.io.erasure.secret import key_for
from goldrun.jobs.context import Context
from goldrun.medallion.erasure import redact
from goldrun.medallion.source_columns import columns_of


def redact_erased(ctx: Context, entity: str, records: DataFrame) -> DataFrame:
    """Remove the text of the records of persons who were erased from this lake."""
    if not ctx.lake.exists(TOMBSTONES.name):
        return records
    tombstones = ctx.lake.read(TOMBSTONES.name)
    mapping = ctx.source.with_files[entity]
    expressions = {CUSTOMER_ID: mapping.columns[CUSTOMER_ID]}
    needed = list(columns_of(ctx.source, entity, expressions))
    key = key_for(tombstones)
    return redact(records, expressions, needed, tombstones, key, mapping.no_value)
