"""Read the first rows of a shop's files, in groups of files with the same columns."""

import glob
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from goldrun.errors import SourceError
from goldrun.io.sources.first_rows import Table, form_of, tables_of
from goldrun.io.sources.forms import FORMS
from goldrun.medallion.proposal.entities import Group

ROWS_READ, ROWS_OF_A_FILE = 200_000, 2_000
"""Largest number of rows that are read of files with the same columns, and of one of many files."""


@dataclass(frozen=True)
class Files:
    """Files, or sheets of workbooks, with the same columns.

    Attributes:
        tables: The files, sorted by name; all are read with the same keys.
        group: Their first rows.
        whole: Whether all rows were read.
    """

    tables: Sequence[Table]
    group: Group
    whole: bool

    @property
    def files(self) -> list[Path]:
        """The files."""
        return [table.file for table in self.tables]


def read_groups(path: str) -> tuple[list[Files], list[str]]:
    """Read the files of a path, grouped by their columns and by how they are read.

    Args:
        path: A file, a folder or a glob.

    Returns:
        The groups, and the files that belong to none, each with the reason.

    Raises:
        SourceError: There is no file of a known form that can be read.
    """
    found, left_out = list_files(path)
    groups: dict[tuple[object, ...], list[Table]] = {}
    for file in found:
        try:
            tables = tables_of(file)
        except SourceError as error:
            left_out.append(str(error))
            continue
        for table in tables:
            key = (tuple(sorted(table.keys.items())), tuple(table.columns))
            groups.setdefault(key, []).append(table)
    if not groups:
        raise SourceError(f"{path}: no file can be read ({'; '.join(left_out)})")
    return [_group(each) for each in groups.values()], left_out


def list_files(path: str) -> tuple[list[Path], list[str]]:
    """List the files of a path, and the others, each with the reason why it is left out.

    Raises:
        SourceError: There is no file of a known form.
    """
    place = Path(path)
    paths = place.rglob("*") if place.is_dir() else map(Path, glob.glob(path))
    files = sorted(each for each in paths if each.is_file() and not each.name.startswith("."))
    known = [each for each in files if form_of(each)]
    others = [f"{each}: its form is not known by its name" for each in files if each not in known]
    if not known:
        endings = ", ".join(ending for form in FORMS.values() for ending in form.endings)
        raise SourceError(
            f"{path}: no file ends in {endings}, plain, packed or in a .zip: give a file or a "
            "folder of exports"
        )
    return known, others


def path_of(files: Sequence[Path], others: Sequence[Path]) -> str | None:
    """Return the path that selects some files: one file, their folder, or a pattern of names.

    Args:
        files: The files.
        others: Files that the path must not select.

    Returns:
        The path; None if there is no pattern that leaves the others out.
    """
    if len(files) == 1:
        return str(files[0])
    folders = {file.parent for file in files}
    if len(folders) == 1 and not any(other.parent in folders for other in others):
        return str(files[0].parent)
    start = _common_start([str(file) for file in files])
    ending = _common_start([str(file)[::-1] for file in files])[::-1]
    pattern = f"{start}*{ending[ending.find('.') :] if '.' in ending else ''}"
    selected = {Path(each) for each in glob.glob(pattern)}
    return pattern if {*files} <= selected and not selected & {*others} else None


def _common_start(texts: Sequence[str]) -> str:
    """Return the characters that all texts begin with."""
    equal = itertools.takewhile(lambda letters: len({*letters}) == 1, zip(*texts, strict=False))
    return "".join(letters[0] for letters in equal)


def _group(tables: Sequence[Table]) -> Files:
    first, most = tables[0], max(ROWS_READ // len(tables), ROWS_OF_A_FILE)
    names = [*first.columns]
    rows = [pd.DataFrame(table.rows(most), columns=names, dtype=object) for table in tables]
    called = first.layouts[0].part.name.rpartition("/")[2]
    name = called if len(tables) == 1 else f"{len(tables)} files such as {called}"
    texts = pd.concat(rows, ignore_index=True)
    return Files(tables, Group.of(name, texts), all(len(each) < most for each in rows))
