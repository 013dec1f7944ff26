"""Code of a how-to document: files, which begin with a comment that names them, and diffs."""

import re
from pathlib import Path

from tests.project_copy import ROOT

_DIFF = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```\w+\n# (\S+/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(document: str) -> dict[str, str]:
    """Return the text of each code block of ``docs/how-to/<document>`` by the file it names."""
    return dict(_BLOCK.findall(_text_of(document)))


def diffs_of(document: str) -> list[str]:
    """Return the text of each diff of ``docs/how-to/<document>``."""
    return _DIFF.findall(_text_of(document))


def _text_of(document: str) -> str:
    return (ROOT / "docs" / "how-to" / document).read_text(encoding="utf-8")


def replace_once(file: Path, before: str, after: str) -> None:
    """Replace a text that is in a file exactly once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, (file, before)
    file.write_text(text.replace(before, after), encoding="utf-8")
