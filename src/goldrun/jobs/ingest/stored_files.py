"""The files whose records bronze has, and the files whose content it does not have."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from goldrun.contracts import lineage
from goldrun.io.sources.files import fingerprint
from goldrun.jobs.context import Context
from goldrun.medallion.bronze import check_one_source
from goldrun.medallion.ingestions import Ingestion, ingestions_of, newest_contents


@dataclass(frozen=True)
class StoredFiles:
    """The files of an entity in bronze.

    Attributes:
        ingestions: Result of ``ingestions_of``.
    """

    ingestions: Sequence[Ingestion]

    @cached_property
    def contents(self) -> dict[str, list[Ingestion]]:
        """Ingestions of the newest content of each file; see ``newest_contents``."""
        return newest_contents(self.ingestions)

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """Fingerprints of all contents."""
        return frozenset(each.fingerprint for each in self.ingestions)

    def newest(self, file: Path) -> str | None:
        """Return the fingerprint of a file's newest content; None if bronze has none."""
        content = self.contents.get(str(file))
        return content[-1].fingerprint if content else None

    def contents_of(self, files: Iterable[Path]) -> dict[str, list[Ingestion]]:
        """Return the ingestions of the newest content of some files that bronze has."""
        return {str(file): self.contents[str(file)] for file in files}

    def has(self, file: Path, digest: str) -> bool:
        """Whether any content of a file had these bytes."""
        return any((one.file, one.fingerprint) == (str(file), digest) for one in self.ingestions)


def stored_files(ctx: Context, entity: str) -> StoredFiles:
    """Read which files of an entity are in bronze.

    Raises:
        SettingsError: The lake has records of another source.
    """
    bronze = ctx.lake.read_or_empty(lineage.bronze_table(entity))
    check_one_source(bronze, ctx.source.name, ctx.lake.root)
    return StoredFiles(ingestions_of(bronze))


def select_new(found: Sequence[Path], stored: StoredFiles) -> dict[Path, str]:
    """Select the files whose content is not in bronze, with their fingerprints.

    A file whose content bronze has under another name is not new. A file that was overwritten is,
    whatever it has now: the order of its contents decides between versions of a key.

    Args:
        found: The files.
        stored: The files in bronze.
    """
    digests = set(stored.fingerprints)
    new: dict[Path, str] = {}
    for file in found:
        digest, newest = fingerprint(file), stored.newest(file)
        is_overwritten = newest is not None and newest != digest
        if is_overwritten or digest not in digests:
            new[file] = digest
        digests.add(digest)
    return new
