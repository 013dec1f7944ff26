"""List input files, identify them by their bytes, and check them before they are read."""

import glob
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from goldrun.errors import SourceError, did_you_mean
from goldrun.io.sources.forms import ARCHIVE, FORMS
from goldrun.io.sources.parts import not_opened, not_whole

_PATTERN_LETTERS = set("*?[]{}\\")
_LONGEST_NAME = 300

_UNREADABLE = re.compile(
    r"FAILED_READ_FILE[^\]]*\].*?(?:file|path)[^\w/]*?((?:\w+:)?/\S+?)\.?(?:\s|$)"
)


def find_files(path: str, file_format: str, made_by: str | None = None) -> list[Path]:
    """List the files of a folder, a glob or a single path, sorted by name.

    Args:
        path: Folder, glob or path; in a folder only names with a suffix of the format match.
        file_format: Name of the format.
        made_by: Command that creates the files, for the error message.

    Raises:
        SourceError: The folder is missing, no file matches, or Spark can't read a name.
    """
    if files := list_files(path, file_format):
        return files
    watched_folder(path, made_by)
    remedy = f"; make the files with: {made_by}" if made_by else "; check path in the TOML"
    place = Path(path)
    if place.is_dir():
        wanted = f"no file that ends in {', '.join(_suffixes(file_format))} in {place}"
    else:
        wanted = f"no file matches in {place.parent}"
    raise SourceError(f"{path}: {wanted}{remedy}")


def list_files(path: str, file_format: str) -> list[Path]:
    """List the files as ``find_files`` does; return an empty list if there are none.

    Names that begin with a dot are ignored: writers use them for incomplete files.

    Raises:
        SourceError: Spark can't read a name, a symbolic link is broken, or the folder can't be
            listed.
    """
    place, suffixes = Path(path), _suffixes(file_format)
    try:
        if place.is_dir():
            found = [p for p in place.iterdir() if p.name.lower().endswith(suffixes)]
        else:
            found = [Path(match) for match in glob.glob(path, recursive=True)]
        shown = [p for p in found if not p.name.startswith(".")]
        broken = [p for p in shown if p.is_symlink() and not p.exists()]
        files = sorted(p for p in shown if p.is_file())
    except OSError as error:
        raise SourceError(
            f"{path[:_LONGEST_NAME]} can't be listed ({error.strerror}): check path in the TOML, "
            "and that you may read the folder"
        ) from error
    if broken:
        raise SourceError(f"{min(broken)} is a broken link: remove it, or restore its target")
    for file in files:
        _check_name(file)
    return files


def watched_folder(path: str, made_by: str | None = None) -> tuple[Path, bool]:
    """Return the folder that a stream of these files has to watch.

    Args:
        path: Folder, glob or path, as in ``find_files``.
        made_by: Command that creates the files, for the error message.

    Returns:
        The absolute folder, and whether the files may be in its subfolders.

    Raises:
        SourceError: The folder is missing.
    """
    place = Path(path).absolute()
    parts = place.parts if place.is_dir() else place.parts[:-1]
    fixed = list(itertools.takewhile(lambda part: not glob.has_magic(part), parts))
    folder = Path(*fixed).resolve()
    if not folder.is_dir():
        remedy = f"make the files with: {made_by}" if made_by else "check path in the TOML"
        raise SourceError(f"{path}: the folder {folder} does not exist; {remedy}")
    return folder, len(fixed) < len(parts)


def ignored_paths(path: str, file_format: str) -> list[Path]:
    """List the entries of an input folder that are not read: other suffixes, and subfolders.

    Args:
        path: Folder, glob or path, as in ``find_files``. For a glob or path only folders with the
            suffix of a file are listed.
        file_format: Name of the format.
    """
    place, suffixes = Path(path), _suffixes(file_format)
    if not place.is_dir():
        called = (Path(match) for match in glob.glob(path) if match.lower().endswith(suffixes))
        return sorted(p for p in called if p.is_dir())
    others = (p for p in place.iterdir() if p.is_dir() or not p.name.lower().endswith(suffixes))
    return sorted(p for p in others if not p.name.startswith("."))


def _suffixes(file_format: str) -> tuple[str, ...]:
    """Endings of file names, in lower case; names in capitals match too."""
    return (*FORMS[file_format].suffixes, ARCHIVE)


def _check_name(file: Path) -> None:
    if file.name.startswith("_") or ":" in file.name:
        raise SourceError(
            f"{file}: Spark ignores names that begin with _ and can't read names with a "
            "colon; rename the file"
        )
    whole = str(file.resolve())
    if set(whole) & _PATTERN_LETTERS or not whole.isprintable():
        raise SourceError(
            f"{whole!r}: Spark reads *?[]{{}}\\ as a pattern, and no names with control "
            "characters; rename the file or its folder"
        )


def fingerprint(file: Path) -> str:
    """Return the SHA-256 of the file's bytes as 64 hex digits.

    Raises:
        SourceError: The file can't be opened.
    """
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise not_opened(file, error) from error


def without_copies(files: Iterable[Path]) -> dict[Path, str]:
    """Return the fingerprint of each file; of files with equal content, only of the first.

    Raises:
        SourceError: A file can't be opened.
    """
    by_digest: dict[str, Path] = {}
    for file in files:
        by_digest.setdefault(fingerprint(file), file)
    return {file: digest for digest, file in by_digest.items()}


def check_columns(
    file: Path | str, names: Iterable[str], needed: Mapping[str, str], *, by_header: bool = True
) -> None:
    """Check that a file or a part of one has the columns that a source reads.

    Args:
        file: The file, or the name of the part.
        names: Columns of the file.
        needed: Place in the settings that reads a column, by column.
        by_header: Whether the names are the first line of the file.

    Raises:
        SourceError: A column is missing; the message names file and column.
    """
    has = list(names)
    if by_header and needed and not set(needed) & set(has):
        # Without a header line, the names are personal data, which must not be logged.
        raise SourceError(
            f"{file} has none of the columns {', '.join(needed)}, which "
            f"{next(iter(needed.values()))} reads: check that its first line is a header, and the "
            "delimiter"
        )
    for name, where in needed.items():
        if name not in has:
            raise SourceError(
                f"{file} has no column {name!r}, which {where} reads"
                f"{did_you_mean(name, has)}; read one that it has: {', '.join(has) or 'none'}"
            )


def unreadable_file(failure: str) -> SourceError | None:
    """Convert Spark's error about an unreadable file to a SourceError; None for other errors."""
    found = _UNREADABLE.search(failure)
    if found is None:
        return None
    how = "cut off" if "Unexpected end" in failure or "EOFException" in failure else "damaged"
    return not_whole(found.group(1).removeprefix("file://"), how)
