"""Records of a file as plain Python has them, read by the one reader of packed files."""

from pathlib import Path

from goldrun.contracts.file_settings import FileSettings
from goldrun.io.sources.forms import inspect_file
from goldrun.io.sources.packed import records_of

Record = dict[str, str | None]


def read(file: Path, **settings: object) -> list[Record | str]:
    """Return the records of all parts of a file; of a malformed record its text."""
    layouts = inspect_file(file, FileSettings.model_validate(settings))
    found = [pair for layout in layouts for pair in records_of(layout)]
    return [record if malformed is None else malformed for record, malformed in found]
