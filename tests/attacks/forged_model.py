"""Other bytes for a model, recorded everywhere as if it had been registered with them."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from goldrun.contracts.file_checksums import CHECKSUM_TAG, total
from goldrun.io.tracking.checksums import checksums_of
from tests.attacks.attack import Place

ENDLESS = 10**12
"""Numbers of an array that no machine has room for: 8 TB."""
_ZEROS = bytes(1 << 24)


def record_again(place: Place, version: int) -> None:
    """Record the checksums of the files that a version has now, in tag, run and evidence."""
    files = place.evidence(version)["files"] | checksums_of(place.model_files(version))
    checksum = total(files)
    record = place.artifacts(version) / "model_checksums" / f"{checksum}.json"
    record.write_text(json.dumps(files))
    place.tag(version, CHECKSUM_TAG, checksum)
    place.edit_evidence(version, tagged=True, checksum=checksum, files=files)


def replace_first_array(file: Path, write: Callable[[zipfile.ZipFile, str], None]) -> None:
    """Write the file of a pipeline anew, its first array by ``write``."""
    with zipfile.ZipFile(file) as stored:
        content = {name: stored.read(name) for name in stored.namelist()}
    first = next(name for name in content if name.endswith(".npy"))
    del content[first]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as stored:
        write(stored, first)
        for name, one in content.items():
            stored.writestr(name, one)


def claim_numbers(numbers: int) -> Callable[[zipfile.ZipFile, str], None]:
    """Return what writes an array that says to have so many numbers, and has none."""
    return lambda stored, name: stored.writestr(name, _header(numbers))


def hold_zeros(size: int) -> Callable[[zipfile.ZipFile, str], None]:
    """Return what writes an array of so many bytes of zeros, of which little is stored."""

    def write(stored: zipfile.ZipFile, name: str) -> None:
        with stored.open(name, "w", force_zip64=True) as array:
            array.write(_header(size // 8))
            for _ in range(size // len(_ZEROS)):
                array.write(_ZEROS)

    return write


def _header(numbers: int) -> bytes:
    header = io.BytesIO()
    described = {"descr": "<f8", "fortran_order": False, "shape": (numbers,)}
    np.lib.format.write_array_header_2_0(header, described)
    return header.getvalue()
