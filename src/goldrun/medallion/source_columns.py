"""Find the file columns that the expressions of a source read."""

from collections.abc import Mapping

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.medallion.mapping import columns_needed


def check_mapping(source: Source) -> None:
    """Check every expression of a source, without an engine.

    Raises:
        SettingsError: An expression is not of the mapping language.
    """
    for entity, mapping in source.entities.items():
        columns_needed(mapping.columns, _section(source, entity))


def columns_read(source: Source, entity: str) -> dict[str, str]:
    """Find the file columns that an entity and the entities derived from it read.

    Returns:
        The section of the source's TOML file that names it, by column; sorted by column.

    Raises:
        SettingsError: An expression can't be used.
    """
    needed: dict[str, str] = {}
    for name, mapping in source.entities.items():
        if entity in (name, mapping.derived_from):
            needed = columns_of(source, name, mapping.columns) | needed
    return dict(sorted(needed.items()))


def columns_required(source: Source, entity: str) -> dict[str, str]:
    """Find the file columns that a file of an entity must have.

    All lines of a CSV file have the columns of its header. A JSON object omits columns without a
    value, so a JSON file needs only the columns that the expressions of required columns read.

    Returns:
        The section of the source's TOML file that names it, by column.

    Raises:
        SettingsError: An expression can't be used.
    """
    mapping = source.with_files[entity]
    if mapping.format == "csv":
        return columns_read(source, entity)
    required = {c.name for c in ENTITIES[entity].columns if c.required and c.default is None}
    expressions = {name: sql for name, sql in mapping.columns.items() if name in required}
    return columns_of(source, entity, expressions)


def columns_of(source: Source, entity: str, expressions: Mapping[str, str]) -> dict[str, str]:
    """Find the file columns that some expressions of an entity read.

    Returns:
        The section of the source's TOML file that names it, by column.

    Raises:
        SettingsError: An expression can't be used.
    """
    where = _section(source, entity)
    return dict.fromkeys(columns_needed(expressions, where), where)


def _section(source: Source, entity: str) -> str:
    return f"{source.name}.toml [{entity}.columns]"
