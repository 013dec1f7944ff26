"""The page of attacks that the documentation has."""

import re
import tempfile
from collections.abc import Sequence
from importlib.metadata import version

from benchmarks.results import machine, today
from tests.attacks.attack import Result

_LONGEST = 300
_REFUSED = "| yes |"
_HEAD = """\
# Attacks on the gate

Written by `make attacks WRITE=docs/attacks.md` (with `ONLY=` some of its rows), {date};
{machine}, MLflow {mlflow}: **{refused} of {all} refused**{not_run}.

A small shop has a champion and a challenger that is no better. Each attack begins with that state
of lake, store and files, changes something, and runs a command as a person does. The command must
end with another exit code than 0 and with the reason below, and the champion must be the one
before, by the alias and by the ledger. Where the store fails in the middle of a promotion by order,
alias and ledger must agree after the next command. Of two commands at once one moves the champion,
once. What these attacks leave to keys and to kept hashes is in
[audit the champions](how-to/audit.md#who-can-change-what-and-what-notices).

| attack | refused | because |
|---|---|---|
"""


def page(results: Sequence[Result], names: Sequence[str], before: str = "") -> str:
    """Return results as Markdown, beside those of earlier runs.

    Args:
        results: What became of the attacks of this run.
        names: Names of all attacks there are, in order.
        before: The page so far, whose rows of other attacks stay.
    """
    known = _rows(before) | {result.attack.name: _row(result) for result in results}
    rows = [known[name] for name in names if name in known]
    head = _HEAD.format(
        date=today(),
        machine=machine(),
        mlflow=version("mlflow"),
        refused=sum(_REFUSED in row for row in rows),
        all=len(names),
        not_run=f", {len(names) - len(rows)} not run" if len(rows) < len(names) else "",
    )
    return head + "".join(rows)


def _rows(text: str) -> dict[str, str]:
    """Return the rows of a page by the names of their attacks."""
    lines = [line for line in text.splitlines(keepends=True) if line.startswith("| ")]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines[1:]}


def _row(result: Result) -> str:
    refused = f"| **NO**: {_cell(result.wrong)} |" if result.wrong else _REFUSED
    return f"| {result.attack.name} {refused} {_cell(result.line)} |\n"


def _cell(text: str) -> str:
    """Return a text on one line, without the folders of this run and with its ids shortened."""
    folder = re.escape(tempfile.gettempdir())
    plain = re.sub(rf"{folder}/\w+/shop", "…", text).replace("\n", " ")
    plain = re.sub(r"\b([0-9a-f]{6})[0-9a-f]{20,}\b", r"\1…", plain)
    short = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
    return re.sub(r"([|<>*_`$\[\]\\])", r"\\\1", short)
