"""Read the first rows of a shop's files, in groups of files with the same columns."""

import glob
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from goldrun.errors import SourceError
from goldrun.io.sources.sniffing import Sniffed, read_rows, sniff
from goldrun.medallion.proposal.entities import Group

ROWS_READ, ROWS_OF_A_FILE = 200_000, 2_000
"""Largest number of rows that are read of files with the same columns, and of one of many files."""
_ENDINGS = (".csv", ".txt", ".tsv")
_PACKED = ("", ".gz", ".bz2")


@dataclass(frozen=True)
class Files:
    """Files with the same columns.

    Attributes:
        files: The files, sorted by name.
        sniffed: How the first of them is written.
        group: Their first rows.
        whole: Whether all rows were read.
    """

    files: Sequence[Path]
    sniffed: Sniffed
    group: Group
    whole: bool


def read_groups(path: str) -> tuple[list[Files], list[str]]:
    """Read the files of a path, grouped by their columns.

    Args:
        path: A file, a folder or a glob.

    Returns:
        The groups, and the files that belong to none, each with the reason.

    Raises:
        SourceError: There is no file of a known form, or none has a header.
    """
    found, left_out = list_files(path)
    by_columns: dict[tuple[str, ...], list[tuple[Path, Sniffed]]] = {}
    for file in found:
        sniffed = sniff(file)
        if not sniffed.header:
            left_out.append(f"{file}: its first line is data; add a line with column names")
            continue
        key = (sniffed.encoding, sniffed.delimiter, *sniffed.header)
        by_columns.setdefault(key, []).append((file, sniffed))
    if not by_columns:
        raise SourceError(f"{path}: no file has a header ({'; '.join(left_out)})")
    return [_group(each) for each in by_columns.values()], left_out


def list_files(path: str) -> tuple[list[Path], list[str]]:
    """List the files of a path, and the others, each with the reason why it is left out.

    Raises:
        SourceError: There is no file of a known form.
    """
    place = Path(path)
    paths = place.rglob("*") if place.is_dir() else map(Path, glob.glob(path))
    files = sorted(each for each in paths if each.is_file() and not each.name.startswith("."))
    endings = tuple(ending + packed for ending in _ENDINGS for packed in _PACKED)
    known = [each for each in files if each.name.lower().endswith(endings)]
    others = [f"{each}: its form is not known by its name" for each in files if each not in known]
    if not known:
        raise SourceError(
            f"{path}: no file ends in {', '.join(_ENDINGS)}, plain or as .gz or .bz2: give a file "
            "or a folder of exports"
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


def _group(members: Sequence[tuple[Path, Sniffed]]) -> Files:
    files = [file for file, _ in members]
    names = [*members[0][1].header]
    most = max(ROWS_READ // len(files), ROWS_OF_A_FILE)
    rows = [pd.DataFrame(read_rows(*each, most), columns=names) for each in members]
    name = files[0].name if len(files) == 1 else f"{len(files)} files such as {files[0].name}"
    texts = pd.concat(rows, ignore_index=True)
    whole = all(len(each) < most for each in rows)
    return Files(files, members[0][1], Group.of(name, texts), whole)
