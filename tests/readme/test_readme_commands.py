"""The commands of README.md and the reference are found, and the table says how each is run."""

import re

import pytest
from pydantic import ValidationError

from tests.project_copy import ROOT
from tests.readme.commands import (
    DOCUMENTS,
    REFERENCE,
    Command,
    commands_in,
    commands_of_documents,
    table,
)

PAGE = """
Text with `make a`, `a span`, and `make
b`.

```mermaid
flowchart LR
  fenced["`make fenced`"]
```

`make f`

    make c       # a comment
    mlflow run . \\
        -P x=1

- `python d.py`
"""


def test_commands_are_found_in_blocks_and_spans_in_order() -> None:
    assert commands_in(PAGE) == [
        "make a",
        "make b",
        "make f",
        "make c",
        "mlflow run . -P x=1",
        "python d.py",
    ]


def test_every_command_of_the_documents_is_in_the_table() -> None:
    assert set(commands_of_documents()) == set(table())


def test_the_readme_has_at_most_120_lines() -> None:
    assert len(DOCUMENTS[0].read_text("utf-8").splitlines()) <= 120


def test_each_command_that_the_table_skips_runs_in_ci_or_before_a_release() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    reference = REFERENCE.read_text("utf-8")
    release = reference[reference.index("Before a release") :]
    for command in table().values():
        if command.elsewhere:
            assert command.readme in ci or command.readme in release, command.readme


def test_the_last_lines_of_each_command_that_prints_are_checked() -> None:
    silent = ("source ", "cp ", "export ")
    unchecked = {c.readme for c in table().values() if not (c.elsewhere or c.last)}
    assert {command for command in unchecked if not command.startswith(silent)} == set()


def test_every_command_sets_the_environment_that_it_needs() -> None:
    """`python` finds the project's modules only with PYTHONPATH, which make and MLproject set."""
    runs = [command.run or command.readme for command in table().values()]
    assert [run for run in runs if run.startswith("python ")] == []


def test_the_long_tests_that_a_command_selects_exist() -> None:
    """pytest takes a name in ``-k`` that no test has as a name that selects nothing."""
    modules = list((ROOT / "tests").rglob("test_*.py"))
    names = " ".join([str(each) + each.read_text("utf-8") for each in modules])
    selections = [re.findall(r'ONLY="(.+)"', command.run) for command in table().values()]
    words = {word for found in selections for text in found for word in re.findall(r"\w+", text)}
    assert words
    assert {word for word in words - {"and", "or", "not"} if word not in names} == set()


def test_a_table_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Command.model_validate({"readme": "make a", "lst": "x"})


def test_ci_runs_checks_tests_and_the_readme() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make ")] == [
        "make check",
        "make test",
        "make test-e2e",
        "make readme",
    ]
