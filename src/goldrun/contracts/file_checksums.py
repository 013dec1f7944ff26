"""Lists of files with their SHA-256: the checksum of a whole list, and how two lists differ."""

import hashlib
from collections.abc import Mapping

CHECKSUM_TAG = "goldrun.model_checksum"
"""Tag of a registered version: ``total`` of its model's files."""


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
