"""SHA-256 of the files of a model's folder, in the form of ``sha256sum``."""

import hashlib
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
