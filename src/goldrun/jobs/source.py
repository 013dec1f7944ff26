"""What the source's TOML file asks of its files, and of the lake that they go to."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import EntityMapping, Source
from goldrun.errors import SettingsError
from goldrun.jobs.context import Context
from goldrun.medallion.mapping import columns_needed


def check_mapping(source: Source) -> None:
    """Check every expression of a source; no engine is needed.

    Raises:
        SettingsError: An expression is not of the mapping language.
    """
    for entity, mapping in source.entities.items():
        columns_needed(mapping.columns, f"{source.name}.toml [{entity}.columns]")


def columns_read(ctx: Context, entity: str) -> dict[str, str]:
    """File columns that an entity reads, for itself and what is derived from it, each with where.

    Raises:
        SettingsError: An expression in the TOML file can't be used.
    """
    if entity in ctx.columns:
        return ctx.columns[entity]
    needed: dict[str, str] = {}
    for name, mapping in ctx.source.entities.items():
        if entity in (name, mapping.derived_from):
            found = columns_of(ctx, name, mapping.columns)
            needed = found | needed
    ctx.columns[entity] = dict(sorted(needed.items()))
    return ctx.columns[entity]


def columns_required(ctx: Context, entity: str, mapping: EntityMapping) -> dict[str, str]:
    """File columns without which a file is refused.

    A CSV file has every column or none of its lines has it; a JSON object leaves out what it has
    no value for, so only what a required column is made from must be there at all.
    """
    read = columns_read(ctx, entity)
    if mapping.format == "csv":
        return read
    required = {c.name for c in ENTITIES[entity].columns if c.required and c.default is None}
    expressions = {name: sql for name, sql in mapping.columns.items() if name in required}
    return columns_of(ctx, entity, expressions)


def columns_of(ctx: Context, entity: str, expressions: Mapping[str, str]) -> dict[str, str]:
    """File columns that some of an entity's expressions read, each with where they stand.

    Raises:
        SettingsError: An expression can't be used.
    """
    where = f"{ctx.source.name}.toml [{entity}.columns]"
    return dict.fromkeys(columns_needed(expressions, where), where)


def check_one_source(ctx: Context, bronze: DataFrame) -> None:
    """Raise SettingsError when the lake holds another source's records: their ids would mix."""
    others = (
        bronze.where(F.col(lineage.SOURCE) != ctx.source.name)
        .select(lineage.SOURCE)
        .limit(1)
        .collect()
    )
    if others:
        raise SettingsError(
            f"{ctx.lake.root} holds records of source {others[0][lineage.SOURCE]!r}, not of "
            f"{ctx.source.name!r}: give each source a lake of its own with --lake, or the right "
            "--source"
        )
