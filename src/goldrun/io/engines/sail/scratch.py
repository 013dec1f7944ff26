"""The temporary folder that Sail and this process both read and write."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Scratch:
    """A folder that is deleted when the engine is closed.

    Attributes:
        root: Path of the folder.
    """

    root: Path

    @contextlib.contextmanager
    def temporary_folder(self) -> Iterator[Path]:
        """Create a folder and delete it at the end of the block."""
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            yield Path(folder)

    def lasting_folder(self) -> Path:
        """Create a folder that exists until the engine is closed, for files of lazy frames."""
        return Path(tempfile.mkdtemp(dir=self.root))


@contextlib.contextmanager
def open_scratch() -> Iterator[Scratch]:
    """Create a scratch folder where ``TMPDIR`` points, and delete it at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="goldrun-", ignore_cleanup_errors=True) as folder:
        yield Scratch(Path(folder))
