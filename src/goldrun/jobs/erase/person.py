"""Read a person's records in bronze, and the texts that only this person has."""

from collections.abc import Sequence
from functools import reduce

import pandas as pd
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID, CUSTOMERS
from goldrun.contracts.erasure import ID_COLUMNS, Term
from goldrun.errors import SettingsError
from goldrun.jobs.context import Context, log
from goldrun.medallion import person
from goldrun.medallion.bronze import check_one_source
from goldrun.medallion.mapping import columns_needed
from goldrun.medallion.person import Person, Raw
from goldrun.medallion.quarantine import RAW_LINE

BRONZE = "bronze/"
_CUSTOMERS = CUSTOMERS.name.split("/")[1]


def read_raws(ctx: Context, tables: Sequence[str]) -> list[Raw]:
    """Read the raw records of each entity, with the file columns of its customer's id.

    Raises:
        SettingsError: The source does not map the id of an entity of the lake.
    """
    found = []
    for entity in (table.removeprefix(BRONZE) for table in tables if table.startswith(BRONZE)):
        mapping = ctx.source.entities.get(entity)
        if mapping is None or CUSTOMER_ID not in mapping.columns:
            raise SettingsError(
                f"{ctx.source.name}.toml does not map customer_id of {entity}, which the lake "
                "has: nothing was changed; give the source that the lake was ingested with"
            )
        rows = ctx.lake.read(lineage.bronze_table(entity).name)
        check_one_source(rows, ctx.source.name, ctx.lake.root)
        columns = dict(mapping.columns)
        needed = _columns_read(ctx, entity, columns, CUSTOMER_ID)
        found.append(Raw(entity, rows, columns, needed, mapping.no_value))
    return found


def _columns_read(ctx: Context, entity: str, expressions: dict[str, str], *names: str) -> list[str]:
    mapped = {name: expressions[name] for name in names if name in expressions}
    return columns_needed(mapped, f"{ctx.source.name}.toml [{entity}.columns]")


def find_person(
    ctx: Context, customer_id: str, raws: Sequence[Raw], tables: Sequence[str]
) -> Person:
    """Find the records of a person in bronze, and the texts that only this person has."""
    frame = pd.DataFrame([(customer_id,)], columns=[CUSTOMER_ID])
    only_id = Person(ctx.lake.session.createDataFrame(frame), {}, [])
    terms = [*_ids(customer_id, only_id, raws), *_values(ctx, only_id, raws)]
    wanted = [t for t in terms if t.identifies or t.kind == CUSTOMER_ID]
    patterns = pd.DataFrame(
        [(t.pattern, t.identifies) for t in wanted], columns=[person.PATTERN, person.IDENTIFIES]
    )
    sought = ctx.lake.session.createDataFrame(patterns)
    records = {}
    for raw in raws:
        stored = _stored(ctx, tables, f"silver/{raw.entity}")
        records[raw.entity] = person.records_of(only_id, raw, stored, sought)
        log.info("    %s records in bronze/%s", f"{records[raw.entity].count():,}", raw.entity)
    return Person(only_id.id, records, terms)


def _stored(ctx: Context, tables: Sequence[str], current: str) -> list[DataFrame]:
    return [ctx.lake.read(t) for t in (current, f"{current}_history") if t in tables]


def _ids(customer_id: str, only_id: Person, raws: Sequence[Raw]) -> list[Term]:
    """Return a term for each spelling of the id: that of silver, and those of the raw files.

    A term is searched in the id columns of the lake, and in the file columns that hold the id
    alone, not as a part of a longer text.
    """
    file_columns = {raw.needed[0] for raw in raws if len(raw.needed) == 1}
    columns = ID_COLUMNS | {lineage.MALFORMED, RAW_LINE} | file_columns
    texts = {customer_id} | person.spelled_ids(only_id, raws)
    return [Term(CUSTOMER_ID, text, columns) for text in sorted(texts)]


def _values(ctx: Context, only_id: Person, raws: Sequence[Raw]) -> list[Term]:
    """Find the personal values to erase: those no other customer has, in every spelling.

    Each term has the columns in which it may occur, silver's and those of the files.
    """
    frames = [ctx.lake.read(t) for t in _customer_tables(ctx)]
    columns = {name: {name} for name in person.PERSONAL}
    for raw in raws:
        if raw.entity == _CUSTOMERS:
            read = _columns_read(ctx, raw.entity, raw.expressions, CUSTOMER_ID, *person.PERSONAL)
            frames.append(person.raw_customers(raw.rows, raw.expressions, read, raw.no_value))
            for name in person.PERSONAL:
                columns[name] |= set(_columns_read(ctx, raw.entity, raw.expressions, name))
    if not frames:
        return []
    values = reduce(DataFrame.unionByName, [person.personal_values(frame) for frame in frames])
    found = person.values_of(values, only_id.id).collect()
    if shared := sum(row[person.SHARED] for row in found):
        log.info("    %s personal values are shared with another customer and remain there", shared)
    return [
        Term(row[person.KIND], text, frozenset(columns[row[person.KIND]]))
        for row in found
        if not row[person.SHARED]
        for text in sorted(row[person.SPELLINGS])
    ]


def _customer_tables(ctx: Context) -> list[str]:
    names = (CUSTOMERS.name, lineage.history_table(CUSTOMERS).name)
    return [name for name in names if ctx.lake.exists(name)]
