"""Files of a how-to document: code blocks that begin with a comment that names a file."""

import re
from pathlib import Path

from tests.project_copy import ROOT

_BLOCK = re.compile(r"^```\w+\n# (\S+/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files_of(document: str) -> dict[str, str]:
    """Return the text of each code block of ``docs/how-to/<document>`` by the file it names."""
    text = (ROOT / "docs" / "how-to" / document).read_text(encoding="utf-8")
    return dict(_BLOCK.findall(text))


def replace_once(file: Path, before: str, after: str) -> None:
    """Replace a text that is in a file exactly once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, (file, before)
    file.write_text(text.replace(before, after), encoding="utf-8")
