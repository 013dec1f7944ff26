"""Files on this machine that a command writes for a person, each named by an option."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlparse

from goldrun.errors import SettingsError, StorageError

PAGE = "<!doctype html><!-- goldrun audit -->"
"""Beginning of the page of an audit."""


def checked_file(option: str, path: str, lake: str) -> Path:
    """Check that a file can be written, before any work; return its absolute path.

    Args:
        option: Name of the option.
        path: The file; its folder exists.
        lake: Root of the lake, in whose folder no such file may be.

    Raises:
        SettingsError: There is no such folder, or the file is in the lake.
    """
    if len(urlparse(path).scheme) > 1:
        raise SettingsError(f"--{option} {path!r} is no file on this machine: give the path of one")
    file = Path(path).absolute()
    if not file.parent.is_dir() or file.is_dir():
        raise SettingsError(
            f"--{option} {path!r}: {file.parent} is no folder, or a folder has this name; give "
            "a file in a folder that exists"
        )
    if file.resolve().is_relative_to(Path(lake).absolute().resolve()):
        raise SettingsError(
            f"--{option} {path!r} is in the lake {lake}, which holds tables only: give a file "
            "outside it"
        )
    return file


@contextlib.contextmanager
def replacing(file: Path, encoding: str) -> Iterator[TextIO]:
    """Open a new file beside a file, which gets its name at the end of the block.

    Raises:
        StorageError: The file can't be written; an older one is unchanged.
    """
    try:
        with _beside(file, encoding) as text:
            yield text
    except OSError as error:
        raise StorageError(
            f"{file} can't be written: {error.strerror}; make room or give another folder"
        ) from error


@contextlib.contextmanager
def _beside(file: Path, encoding: str) -> Iterator[TextIO]:
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline="") as text:
            yield text
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def page_file(path: str, lake: str) -> Path:
    """Check that a page can be written to a file, where nothing or an older page is.

    Args:
        path: The file; its folder exists.
        lake: Root of the lake.

    Raises:
        SettingsError: As ``checked_file``, or another file is there.
    """
    file = checked_file("page", path, lake)
    if file.exists() and not file.read_bytes().startswith(PAGE.encode()):
        raise SettingsError(
            f"--page {path!r} exists and is no page of an audit: nothing was written; give another "
            "name, or move that file"
        )
    return file


def write_page(file: Path, page: str) -> None:
    """Write a page, which begins with ``PAGE``, in UTF-8.

    Raises:
        StorageError: The file can't be written; an older one is unchanged.
    """
    with replacing(file, "utf-8") as text:
        text.write(page)
