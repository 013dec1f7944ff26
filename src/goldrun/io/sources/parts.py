"""The parts of a file: itself, the members of an archive, the sheets of a workbook; their bytes."""

import bz2
import contextlib
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import IO, cast

from goldrun.errors import SourceError

LONGEST_LINE = 16 << 20
"""Largest number of bytes of a line; a file with a longer one is rejected as binary."""
_MARK = "!/"
_CHUNK = 1 << 20
_ENCRYPTED = 1
_DAMAGE = (OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Part:
    """What is read as one table.

    Attributes:
        file: The file.
        member: Name of the member, if the file is a zip archive.
        sheet: Name of the sheet, if it is a workbook.
    """

    file: Path
    member: str = ""
    sheet: str = ""

    @property
    def name(self) -> str:
        """The file's path, with member and sheet, for messages: ``sales.zip!/2024/may.csv``."""
        return _MARK.join(filter(None, [str(self.file), self.member, self.sheet]))

    @property
    def file_name(self) -> str:
        """Name of the file or member, whose ending shows its compression."""
        return self.member or self.file.name


def is_archive(file: Path) -> bool:
    """Whether a file is a zip archive, by its name."""
    return file.name.lower().endswith(".zip")


def members(archive: Path, suffixes: tuple[str, ...]) -> list[Part]:
    """List the members of a zip archive that are read, sorted by name.

    Names that begin with a dot are ignored, and the folder in which macOS keeps attributes.

    Args:
        archive: The archive.
        suffixes: Endings of the members to read, in lower case.

    Raises:
        SourceError: The archive is damaged, has no such member, has one that is encrypted or twice,
            or has an archive inside.
    """
    whole = Part(archive)
    with _refusing_damage(whole), ExitStack() as stack:
        opened = stack.enter_context(zipfile.ZipFile(cast(IO[bytes], _opened(whole, stack))))
        entries = [entry for entry in opened.infolist() if _is_shown(entry)]
    found = [entry for entry in entries if entry.filename.lower().endswith(suffixes)]
    names = sorted(entry.filename for entry in found)
    problem = ""
    if nested := [e.filename for e in entries if e.filename.lower().endswith(".zip")]:
        problem = f"has the archive {nested[0]!r} inside: unpack it"
    elif locked := [e.filename for e in found if e.flag_bits & _ENCRYPTED]:
        problem = f"has the encrypted member {locked[0]!r}: unpack it with its password"
    elif not found:
        problem = f"has no member that ends in {', '.join(suffixes)}: check path and format"
    elif len(set(names)) < len(names):
        problem = "has two members of the same name: pack it again"
    if problem:
        raise SourceError(f"{archive} {problem}, or remove the file")
    return [Part(archive, name) for name in names]


def _is_shown(entry: zipfile.ZipInfo) -> bool:
    folders = entry.filename.split("/")
    hidden = folders[0] == "__MACOSX" or any(name.startswith(".") for name in folders)
    return not entry.is_dir() and not hidden


@contextlib.contextmanager
def open_part(part: Part) -> Iterator[BufferedIOBase]:
    """Open a part for reading, decompressed if its name ends in ``.gz`` or ``.bz2``.

    Raises:
        SourceError: The file is missing or not readable. Within the block: it is cut off or
            damaged.
    """
    with _refusing_damage(part), ExitStack() as stack:
        yield _decompressed(part, _opened(part, stack), stack)


def _opened(part: Part, stack: ExitStack) -> BufferedIOBase:
    try:
        stream = stack.enter_context(part.file.open("rb"))
    except OSError as error:
        raise not_opened(part.file, error) from error
    if not part.member:
        return stream
    archive = stack.enter_context(zipfile.ZipFile(cast(IO[bytes], stream)))
    return cast(BufferedIOBase, stack.enter_context(archive.open(part.member)))


def _decompressed(part: Part, stream: BufferedIOBase, stack: ExitStack) -> BufferedIOBase:
    name = part.file_name.lower()
    if name.endswith(".gz"):
        return stack.enter_context(gzip.GzipFile(fileobj=cast(IO[bytes], stream)))
    if name.endswith(".bz2"):
        return stack.enter_context(bz2.BZ2File(cast(IO[bytes], stream)))
    return stream


@contextlib.contextmanager
def random_access(part: Part) -> Iterator[BufferedIOBase]:
    """Open a part whose reader moves back and forth: what is packed is unpacked into memory."""
    with open_part(part) as stream:
        is_file = not part.member and not part.file_name.lower().endswith((".gz", ".bz2"))
        yield stream if is_file else BytesIO(stream.read())


def check_whole(part: Part, see: Callable[[bytes], None] = lambda _: None) -> None:
    """Read and decompress a text completely, to detect damage before anything is written.

    Args:
        part: The part.
        see: Is called with each piece of the bytes.

    Raises:
        SourceError: The file is cut off, damaged, or has a line longer than ``LONGEST_LINE``.
    """
    line = 0
    with open_part(part) as stream:
        while chunk := stream.read(_CHUNK):
            see(chunk)
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            line = line + len(chunk) if end < 0 else len(chunk) - end - 1
            if line > LONGEST_LINE:
                raise SourceError(
                    f"{part.name} has a line of more than {LONGEST_LINE >> 20} MiB: it is not a "
                    "text file; replace the file"
                )


@contextlib.contextmanager
def _refusing_damage(part: Part) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise not_whole(part.name, "cut off") from error
    except NotImplementedError as error:
        raise SourceError(
            f"{part.name} is packed with a method that can't be read ({error}): pack it again as a "
            "usual zip archive, or unpack it"
        ) from error
    except _DAMAGE as error:
        raise not_whole(part.name, "damaged") from error


def not_opened(file: Path, error: OSError) -> SourceError:
    """Return the error of a file that can't be opened."""
    return SourceError(
        f"{file} can't be opened: {error.strerror}; restore it, make it readable, or remove it "
        "from the folder, then run the same command again"
    )


def not_whole(name: str, how: str) -> SourceError:
    """Return the error of a part that is ``cut off`` or ``damaged``."""
    return SourceError(
        f"{name} can't be read to its end: it is {how}; nothing of the batch was written, replace "
        "the file"
    )
