"""The commands of README.md and the reference, and how each is run in a copy of the project."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from goldrun.contracts.strict import Strict
from tests.project_copy import ROOT

REFERENCE = ROOT / "docs" / "reference" / "commands.md"
DOCUMENTS = (ROOT / "README.md", REFERENCE)
TABLE = Path(__file__).with_name("commands.toml")
_BLOCK = re.compile(r"\n\n((?: {4}.*\S.*\n(?:\n(?= {4}))?)+)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_BEGINS = ("make ", "mlflow ", "python ", "PYTHONPATH=", "source ", "cp ")
_COMMENT = re.compile(r"\s+# .*$")


class Command(Strict):
    """How a command of a document is run.

    Attributes:
        readme: The command as a document has it, on one line, without its comment.
        run: Command that runs instead, where it must be smaller or must end; by default ``readme``.
        exit_code: The expected exit code.
        last: Text that the last lines of its output contain.
        answers: URL that must answer while it runs; it is stopped afterwards.
        elsewhere: What runs it instead; then ``make readme`` does not run it.
        files: Text of files to write before, by path; ``{project}`` stands for the copy's folder.
    """

    readme: str
    run: str = ""
    exit_code: int = 0
    last: str = ""
    answers: str = ""
    elsewhere: str = ""
    files: Mapping[str, str] = Field(default_factory=dict)


def commands_in(text: str) -> list[str]:
    """Find the commands of a Markdown page, each once, in the order of the page.

    They are the lines of its indented code blocks, also of those inside a list, and the code spans
    of its sentences that begin as a command does. Lines that end with a backslash are joined;
    comments and fenced blocks are left out.
    """
    text = _FENCED.sub("", text)
    found: dict[int, list[str]] = {}
    for block in _BLOCK.finditer(text):
        joined = re.sub(r"\\\n\s+", "", block[1])
        found[block.start()] = [_COMMENT.sub("", line).strip() for line in joined.splitlines()]
    for span in _SPAN.finditer(text):
        command = " ".join(span[1].split())
        if command.startswith(_BEGINS):
            found[span.start()] = [command]
    ordered = [command for at in sorted(found) for command in found[at] if command]
    return list(dict.fromkeys(ordered))


def commands_of_documents() -> list[str]:
    """Find the commands of all documents, each once, in the order of the documents."""
    found = [command for file in DOCUMENTS for command in commands_in(file.read_text("utf-8"))]
    return list(dict.fromkeys(found))


def table() -> dict[str, Command]:
    """Read how each command is run, by the command as a document has it."""
    raw = tomllib.loads(TABLE.read_text(encoding="utf-8"))["command"]
    return {entry["readme"]: Command(**entry) for entry in raw}
