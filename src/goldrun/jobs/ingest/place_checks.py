"""Check that ``_file``, ``_row`` and the names of joined columns are unambiguous in files."""

from collections.abc import Collection, Sequence
from pathlib import Path

from goldrun.contracts.row_context import FILE_NAME, LINE_NUMBER, joined_column
from goldrun.contracts.source import Source
from goldrun.errors import SourceError
from goldrun.io.sources.forms import Layout
from goldrun.medallion.source_columns import reads_place


def check_places(
    source: Source, entity: str, layouts: Sequence[Layout], new: Collection[Path]
) -> None:
    """Check the headers and the names of new files.

    Args:
        source: The shop.
        entity: Name of the entity.
        layouts: How the files are read; their first records show the keys of JSON.
        new: The new files.

    Raises:
        SourceError: A file has a column with the name of the place of a record or of a joined
            column; or ``_file`` is read and two files have the same name.
    """
    mapping = source.with_files[entity]
    reserved = [*reads_place(source, entity), *([LINE_NUMBER] if mapping.fill_down else [])]
    prefixes = [joined_column(name, "") for name in mapping.join]
    for layout in layouts:
        for name in layout.columns:
            if name in reserved or name.startswith(tuple(prefixes)):
                raise SourceError(
                    f"{layout.part.name} has a column {name!r}, and {source.name}.toml [{entity}] "
                    "gives this name another meaning: rename the column, or the join"
                )
    if FILE_NAME in reserved:
        _check_names(new)


def check_stored_names(
    source: Source, entity: str, new: Collection[Path], known: Collection[str]
) -> None:
    """Check that no new file has the name of a file that bronze has from another folder.

    Raises:
        SourceError: ``_file`` is read and one has.
    """
    if FILE_NAME in reads_place(source, entity):
        names = {file.name for file in new}
        _check_names({*new, *(file for each in known if (file := Path(each)).name in names)})


def _check_names(files: Collection[Path]) -> None:
    by_name: dict[str, Path] = {}
    for file in sorted({*files}):
        if (other := by_name.setdefault(file.name, file)) != file:
            raise SourceError(
                f"{other} and {file} have the same name, which {FILE_NAME} in an expression reads: "
                "rename one of them"
            )
