"""Find the file columns that the expressions of a source read."""

from collections.abc import Mapping

from goldrun.contracts.entity_mapping import EntityMapping, Kind
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.row_context import LINE_NUMBER, PLACE_NAMES, ROW_NUMBER, joined_column
from goldrun.contracts.source import Source
from goldrun.errors import SettingsError
from goldrun.medallion.mapping import columns_needed


def check_mapping(source: Source) -> None:
    """Check every expression of a source, without an engine.

    Raises:
        SettingsError: An expression is not of the mapping language, or reads the place of a record
            that is in no file.
    """
    for entity, mapping in source.entities.items():
        found = columns_needed(mapping.columns, _section(source, entity))
        places = [name for name in PLACE_NAMES if name in found]
        if places and source.kind is not Kind.FILES:
            raise SettingsError(
                f"{_section(source, entity)} reads {places[0]}, the place of a record in its file, "
                f"and {source.name}.toml has no files but a {source.kind}: read another column"
            )
        read_from = source.with_files.get(mapping.derived_from or entity)
        if LINE_NUMBER in places and not (read_from and read_from.fill_down):
            raise SettingsError(
                f"{_section(source, entity)} reads {LINE_NUMBER}, the number of a line in its "
                "group, and there is no [fill_down] that names the group: add it, or read _row"
            )


def reads_row_numbers(source: Source, entity: str) -> bool:
    """Whether an expression reads ``_row``, so that a row's number in its file must be known."""
    return ROW_NUMBER in columns_read(source, entity)


def reads_place(source: Source, entity: str) -> list[str]:
    """Return ``_file``, ``_row`` and ``_line``, each if an expression reads it."""
    found = columns_read(source, entity)
    return [name for name in PLACE_NAMES if name in found]


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

    These are the columns that the expressions of required columns read, and those of its joins and
    of ``fill_down``. Columns of joined files are not among them (``joined_columns_required``).

    Returns:
        The section of the source's TOML file that names it, by column.

    Raises:
        SettingsError: An expression can't be used.
    """
    mapping = source.with_files[entity]
    required = {c.name for c in ENTITIES[entity].columns if c.required and c.default is None}
    expressions = {name: sql for name, sql in mapping.columns.items() if name in required}
    own = _own(columns_of(source, entity, expressions), mapping)
    return own | _columns_of_context(source, entity, mapping)


def columns_optional(source: Source, entity: str) -> dict[str, str]:
    """Find the file columns that only the expressions of optional columns read.

    Returns:
        The section of the source's TOML file that names it, by column.

    Raises:
        SettingsError: An expression can't be used.
    """
    read = _own(columns_read(source, entity), source.with_files[entity])
    required = columns_required(source, entity)
    return {name: where for name, where in read.items() if name not in required}


def _own(columns: Mapping[str, str], mapping: EntityMapping) -> dict[str, str]:
    """Leave out the place of a record and the columns of joined files."""
    return {
        name: where
        for name, where in columns.items()
        if name not in PLACE_NAMES and not any(_is_of(name, each) for each in mapping.join)
    }


def joined_columns_required(source: Source, entity: str, join: str) -> dict[str, str]:
    """Find the columns that a joined file of an entity must have, as ``columns_required`` does.

    Returns:
        The section of the source's TOML file that names it, by column of the joined file.
    """
    joined = source.with_files[entity].join[join]
    read = columns_read(source, entity) if joined.form.has_header else {}
    start = len(joined_column(join, ""))
    found = {name[start:]: where for name, where in read.items() if _is_of(name, join)}
    return {joined.joined_key: f"{source.name}.toml [{entity}.join.{join}]"} | found


def _is_of(name: str, join: str) -> bool:
    return name.startswith(joined_column(join, ""))


def _columns_of_context(source: Source, entity: str, mapping: EntityMapping) -> dict[str, str]:
    section = f"{source.name}.toml [{entity}."
    found = {join.key: f"{section}join.{name}]" for name, join in mapping.join.items()}
    if mapping.fill_down is not None:
        names = (mapping.fill_down.by, *mapping.fill_down.columns)
        found |= dict.fromkeys(names, f"{section}fill_down]")
    return found


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
