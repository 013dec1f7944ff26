"""What the lake knows of one person: records in bronze, and texts that tell of nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID, CUSTOMERS
from goldrun.contracts.erasure import ID_COLUMNS, Term
from goldrun.errors import SettingsError
from goldrun.jobs.context import Context, log
from goldrun.medallion import erasure
from goldrun.medallion.bronze import check_one_source
from goldrun.medallion.mapping import columns_needed, text_of
from goldrun.medallion.quarantine import RAW_LINE
from goldrun.medallion.text import trimmed

BRONZE = "bronze/"
_CUSTOMERS = CUSTOMERS.name.split("/")[1]


@dataclass(frozen=True)
class Raw:
    """A bronze table and how its source reads it: expressions, and file columns of the id."""

    entity: str
    rows: DataFrame
    expressions: dict[str, str]
    needed: list[str]

    def owned(self) -> DataFrame:
        """The records with the id of their customer."""
        return erasure.with_customer(self.rows, self.expressions, self.needed)


@dataclass(frozen=True)
class Person:
    """What the lake knows of one person, found before anything is changed.

    Attributes:
        id: One row, ``customer_id``.
        records: Bronze rows by entity; they stay readable when bronze is written.
        terms: Texts that tell of the person and of nobody else.
    """

    id: DataFrame
    records: dict[str, DataFrame]
    terms: list[Term]

    def rows_in(self, rows: DataFrame, column: str = CUSTOMER_ID) -> DataFrame:
        """Those of a table's rows that have the person's id in a column."""
        key = self.id.withColumnRenamed(CUSTOMER_ID, column)
        return rows.join(F.broadcast(key), column, "left_semi")


def read_raws(ctx: Context, tables: Sequence[str]) -> list[Raw]:
    """The raw records of each entity that says whose its rows are.

    Raises:
        SettingsError: The source does not say where an entity of the lake has the id.
    """
    found = []
    for entity in (table.removeprefix(BRONZE) for table in tables if table.startswith(BRONZE)):
        mapping = ctx.source.entities.get(entity)
        if mapping is None or CUSTOMER_ID not in mapping.columns:
            raise SettingsError(
                f"{ctx.source.name}.toml does not map customer_id of {entity}, which the lake "
                "has: nothing was changed; give the source that it was read with"
            )
        rows = ctx.lake.read(lineage.bronze_table(entity).name)
        check_one_source(rows, ctx.source.name, ctx.lake.root)
        columns = dict(mapping.columns)
        found.append(Raw(entity, rows, columns, _columns_read(ctx, entity, columns, CUSTOMER_ID)))
    return found


def _columns_read(ctx: Context, entity: str, expressions: dict[str, str], *names: str) -> list[str]:
    asked = {name: expressions[name] for name in names if name in expressions}
    return columns_needed(asked, f"{ctx.source.name}.toml [{entity}.columns]")


def find_person(
    ctx: Context, customer_id: str, raws: Sequence[Raw], tables: Sequence[str]
) -> Person:
    """Find the records of a person in bronze, and the words that tell of nobody else."""
    frame = pd.DataFrame([(customer_id,)], columns=[CUSTOMER_ID])
    seed = Person(ctx.lake.session.createDataFrame(frame), {}, [])
    terms = [*_ids(customer_id, seed, raws), *_values(ctx, seed, raws)]
    wanted = [t for t in terms if t.telling or t.kind == CUSTOMER_ID]
    patterns = pd.DataFrame(
        [(t.pattern, t.telling) for t in wanted], columns=[erasure.PATTERN, erasure.TELLING]
    )
    sought = ctx.lake.session.createDataFrame(patterns)
    records = {}
    for raw in raws:
        parts = [
            seed.rows_in(raw.owned()),
            erasure.records_naming(raw.rows, raw.expressions, raw.needed, sought),
            *[
                seed.rows_in(stored)
                for stored in _stored(ctx, tables, f"silver/{raw.entity}")
                if lineage.RECORD_ID in stored.columns
            ],
        ]
        ids = reduce(DataFrame.unionByName, [part.select(lineage.RECORD_ID) for part in parts])
        his = raw.rows.join(ids.distinct(), lineage.RECORD_ID, "left_semi").localCheckpoint()
        records[raw.entity] = his
        log.info("    %s records in bronze/%s", f"{his.count():,}", raw.entity)
    return Person(seed.id, records, terms)


def _stored(ctx: Context, tables: Sequence[str], current: str) -> list[DataFrame]:
    return [ctx.lake.read(t) for t in (current, f"{current}_history") if t in tables]


def _ids(customer_id: str, person: Person, raws: Sequence[Raw]) -> list[Term]:
    """The id as silver has it, and as files spell it where one column of theirs is the id."""
    alone = [raw for raw in raws if len(raw.needed) == 1]
    spelt = [person.rows_in(raw.owned()).select(trimmed(text_of(raw.needed[0]))) for raw in alone]
    found = reduce(DataFrame.union, spelt).distinct().collect() if spelt else []
    columns = ID_COLUMNS | {lineage.MALFORMED, RAW_LINE} | {n for raw in alone for n in raw.needed}
    texts = {customer_id} | {row[0] for row in found}
    return [Term(CUSTOMER_ID, text, columns) for text in sorted(texts)]


def _values(ctx: Context, person: Person, raws: Sequence[Raw]) -> list[Term]:
    """Names and addresses of the person that no other customer has, in every spelling."""
    frames = [ctx.lake.read(t) for t in _customer_tables(ctx)]
    columns = {name: {name} for name in erasure.PERSONAL}
    for raw in raws:
        if raw.entity == _CUSTOMERS:
            read = _columns_read(ctx, raw.entity, raw.expressions, CUSTOMER_ID, *erasure.PERSONAL)
            frames.append(erasure.raw_customers(raw.rows, raw.expressions, read))
            for name in erasure.PERSONAL:
                columns[name] |= set(_columns_read(ctx, raw.entity, raw.expressions, name))
    if not frames:
        return []
    values = reduce(DataFrame.unionByName, [erasure.personal_values(frame) for frame in frames])
    found = erasure.values_of(values, person.id).collect()
    if shared := sum(row[erasure.SHARED] for row in found):
        log.info("    %s names or addresses are another customer's too: they stay there", shared)
    return [
        Term(row[erasure.KIND], text, frozenset(columns[row[erasure.KIND]]))
        for row in found
        if not row[erasure.SHARED]
        for text in sorted(row[erasure.SPELLINGS])
    ]


def _customer_tables(ctx: Context) -> list[str]:
    names = (CUSTOMERS.name, lineage.history_table(CUSTOMERS).name)
    return [name for name in names if ctx.lake.exists(name)]
