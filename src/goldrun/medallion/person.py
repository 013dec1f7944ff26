"""One person's records and personal values, found before an erasure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID, CUSTOMERS
from goldrun.contracts.erasure import Term
from goldrun.medallion.erasure import mapped_text, with_customer
from goldrun.medallion.mapping import apply_mapping, text_of
from goldrun.medallion.text import trimmed

KIND = "kind"
TEXT = "text"
SPELLINGS = "spellings"
SHARED = "shared"
PATTERN = "pattern"
IDENTIFIES = "identifies"
PERSONAL = tuple(c.name for c in CUSTOMERS.columns if c.personal)

_IS_OF_PERSON = "_is_of_person"
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Raw:
    """A bronze table and how its source maps it.

    Attributes:
        entity: Name of the entity.
        rows: Rows of ``bronze/<entity>``.
        expressions: Contract column to expression.
        needed: File columns that the expression for ``customer_id`` reads.
        no_value: Texts of the source that are no value.
    """

    entity: str
    rows: DataFrame
    expressions: dict[str, str]
    needed: list[str]
    no_value: tuple[str, ...] = ()

    def owned(self) -> DataFrame:
        """Return the records with the id of their customer."""
        return with_customer(self.rows, self.expressions, self.needed, self.no_value)


@dataclass(frozen=True)
class Person:
    """The records and texts of one person, computed before a table is changed.

    Attributes:
        id: One row, ``customer_id``.
        records: Bronze rows by entity, materialised before bronze is written.
        terms: Texts that identify the person, or that no other customer has.
    """

    id: DataFrame
    records: dict[str, DataFrame]
    terms: list[Term]

    def rows_in(self, rows: DataFrame, column: str = CUSTOMER_ID) -> DataFrame:
        """Return the rows of a table that have the person's id in a column."""
        key = self.id.withColumnRenamed(CUSTOMER_ID, column)
        return rows.join(F.broadcast(key), column, "left_semi")

    def record_ids(self) -> DataFrame | None:
        """Return the ``record_id`` of all records; None if the lake has no bronze."""
        ids = [rows.select(lineage.RECORD_ID) for rows in self.records.values()]
        return reduce(DataFrame.unionByName, ids) if ids else None


def spelled_ids(person: Person, raws: Sequence[Raw]) -> set[str]:
    """Return a person's id as files spell it, of tables whose id is one file column."""
    alone = [raw for raw in raws if len(raw.needed) == 1]
    spelt = [person.rows_in(raw.owned()).select(trimmed(text_of(raw.needed[0]))) for raw in alone]
    found = reduce(DataFrame.union, spelt).distinct().collect() if spelt else []
    return {row[0] for row in found}


def records_of(
    person: Person, raw: Raw, stored: Iterable[DataFrame], terms: DataFrame
) -> DataFrame:
    """Find the bronze records of a person.

    Args:
        person: The person's id.
        raw: A bronze table.
        stored: Rows of silver and of its history of the same entity.
        terms: ``pattern`` and ``identifies``, one row a term.

    Returns:
        Rows of ``bronze/<entity>``, materialised: rows with the person's id, rows without an id
        that name the person, and rows whose record silver has with the person's id.
    """
    parts = [
        person.rows_in(raw.owned()),
        records_naming(raw.rows, raw.expressions, raw.needed, terms, raw.no_value),
        *[person.rows_in(rows) for rows in stored if lineage.RECORD_ID in rows.columns],
    ]
    ids = reduce(DataFrame.unionByName, [part.select(lineage.RECORD_ID) for part in parts])
    return raw.rows.join(ids.distinct(), lineage.RECORD_ID, "left_semi").localCheckpoint()


def records_naming(
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
    terms: DataFrame,
    no_value: Sequence[str] = (),
) -> DataFrame:
    """Find the records that name a person and are malformed or have no customer's id.

    An identifying term is searched in all fields. Another term is searched in the whole text of a
    malformed line, whose fields are unknown, and otherwise only in the file columns of the id.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        expressions: How the source maps the entity.
        needed: File columns that the expression for ``customer_id`` reads.
        terms: ``pattern`` and ``identifies``, one row a term.
        no_value: Texts of the source that are no value.

    Returns:
        The ``record_id`` of each.
    """
    broken = F.col(lineage.MALFORMED).isNotNull()
    without_id = broken | F.col(CUSTOMER_ID).isNull()
    records = with_customer(bronze, expressions, needed, no_value).where(without_id)
    everything = F.concat_ws(_SEPARATOR, lineage.MALFORMED, F.map_values(lineage.RECORD))
    of_id = F.concat_ws(_SEPARATOR, *[text_of(name) for name in needed])
    text = F.when(broken | F.col(IDENTIFIES), everything).otherwise(of_id)
    named = records.crossJoin(F.broadcast(terms)).where(F.regexp_like(text, F.col(PATTERN)))
    return named.select(lineage.RECORD_ID).distinct()


def raw_customers(
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
    no_value: Sequence[str] = (),
) -> DataFrame:
    """Return the personal values of customers, spelled as in their files.

    Args:
        bronze: Rows of ``bronze/customers``.
        expressions: How the source maps customers.
        needed: File columns that the expressions read.
        no_value: Texts of the source that are no value.

    Returns:
        ``customer_id`` and the personal columns that are mapped, one row a record that fits its
        header.
    """
    names = [name for name in (CUSTOMER_ID, *PERSONAL) if name in expressions]
    fitting = bronze.where(F.col(lineage.MALFORMED).isNull())
    chosen = {name: expressions[name] for name in names}
    mapped = apply_mapping(fitting, chosen, needed, no_value=no_value)
    return mapped.select(*[mapped_text(name) for name in names])


def personal_values(customers: DataFrame) -> DataFrame:
    """Unpivot the personal columns of customers, one row a value.

    Args:
        customers: ``customer_id`` and any of the personal columns.

    Returns:
        ``customer_id, kind, text``; kind is the name of the column.
    """
    pairs = [
        F.struct(F.lit(name).alias(KIND), F.col(name).alias(TEXT))
        for name in PERSONAL
        if name in customers.columns
    ]
    if not pairs:
        return customers.where(F.lit(False)).select(
            CUSTOMER_ID, F.lit("").alias(KIND), F.lit("").alias(TEXT)
        )
    rows = customers.select(CUSTOMER_ID, F.explode(F.array(*pairs)).alias("pair"))
    return rows.select(CUSTOMER_ID, "pair.*").where(F.col(TEXT).isNotNull())


def values_of(values: DataFrame, person: DataFrame) -> DataFrame:
    """Select one person's values, and mark those that another customer has too.

    Args:
        values: ``customer_id, kind, text`` of all customers.
        person: One row, ``customer_id``.

    Returns:
        ``kind, spellings, shared``, one row a value; spellings that differ only in case or in
        surrounding spaces are one value.
    """
    person_id = F.broadcast(person.select(CUSTOMER_ID).withColumn(_IS_OF_PERSON, F.lit(True)))
    marked = values.where(F.col(CUSTOMER_ID).isNotNull()).join(person_id, CUSTOMER_ID, "left")
    same = F.lower(trimmed(F.col(TEXT)))
    found = marked.groupBy(KIND, same.alias("value")).agg(
        F.collect_set(F.when(F.col(_IS_OF_PERSON), F.col(TEXT))).alias(SPELLINGS),
        F.bool_or(F.col(_IS_OF_PERSON).isNull()).alias(SHARED),
    )
    return found.where(F.size(SPELLINGS) > 0).select(KIND, SPELLINGS, SHARED)
