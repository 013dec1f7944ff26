"""Memory that the file of a pipeline needs when it is loaded, compared with what there is."""

import resource
import zipfile
from pathlib import Path

from goldrun.errors import ModelFileError
from goldrun.io.engines.memory import machine_memory

_COPIES = 2
"""An array is in memory twice while it is read: as the bytes of its file, and as an array."""
_REMEDY = "use a machine or a container with more memory, or train a smaller model"


def check_size(what: str, file: Path, memory: int | None = None) -> None:
    """Check that a pipeline fits into memory before anything of it is unpacked.

    A few kilobytes can unpack to more than any machine has. The archive's own sizes are used, which
    zipfile does not exceed when it reads an entry.

    Args:
        what: The model, for the message.
        file: A file of skops, which is a zip archive.
        memory: Bytes that this process may use; when None those of the machine, the container or
            the process's own limit, whichever is smallest.

    Raises:
        ModelFileError: It does not fit.
        zipfile.BadZipFile: The file is damaged.
    """
    allowed = _allowed() if memory is None else memory
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(one.file_size for one in archive.infolist())
    if unpacked * _COPIES > allowed:
        raise ModelFileError(
            f"{what}: {file.name} unpacks to {unpacked / 2**30:.1f} GiB, which needs "
            f"{unpacked * _COPIES / 2**30:.1f} GiB of memory, and there are "
            f"{allowed / 2**30:.1f} GiB; nothing of it was loaded: {_REMEDY}"
        )


def out_of_memory(what: str, file: Path, error: MemoryError) -> ModelFileError:
    """Return the error for a pipeline that did not fit, whatever its file says about its size."""
    return ModelFileError(
        f"{what}: {file.name} needs more memory than there is ({error or 'no memory is left'}): "
        f"{_REMEDY}"
    )


def _allowed() -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    machine = machine_memory()
    return machine if limit == resource.RLIM_INFINITY else min(machine, limit)
