"""SHA-256 of the files of a model's folder, in the form of ``sha256sum``."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

WRITTEN_BY_DOWNLOADS = "registered_model_meta"
"""File that MLflow adds to the folder of a registered model whenever it is downloaded."""


def checksums_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a folder by its path in it, with ``/`` as separator.

    The file that MLflow itself adds on download is left out.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: _sha256(path)
        for name, path in sorted(files.items())
        if path.is_file() and name != WRITTEN_BY_DOWNLOADS
    }


def total(checksums: Mapping[str, str]) -> str:
    """Return the SHA-256 of the list of all files, one ``<checksum>  <path>`` a line, by path."""
    lines = "".join(f"{checksums[name]}  {name}\n" for name in sorted(checksums))
    return hashlib.sha256(lines.encode()).hexdigest()


def differences(recorded: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Describe each file that is missing, was added or has changed; empty if none."""
    return [
        *(f"{name} is missing" for name in sorted(set(recorded) - set(found))),
        *(f"{name} was added" for name in sorted(set(found) - set(recorded))),
        *(
            f"{name} has changed"
            for name in sorted(set(found) & set(recorded))
            if found[name] != recorded[name]
        ),
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
