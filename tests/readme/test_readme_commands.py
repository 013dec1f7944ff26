"""The commands of the README are found as they stand there, and each is known how to be run."""

import pytest
from pydantic import ValidationError

from tests.project_copy import ROOT
from tests.readme.commands import README, Command, commands_in, table

PAGE = """
Text with `make a`, `a span`, and `make
b`.

    make c       # a comment
    mlflow run . \\
        -P x=1

- `python d.py`
"""


def test_commands_are_those_of_blocks_and_spans_in_their_order() -> None:
    assert commands_in(PAGE) == ["make a", "make b", "make c", "mlflow run . -P x=1", "python d.py"]


def test_every_command_of_the_readme_is_run_or_said_to_run_elsewhere() -> None:
    assert set(commands_in(README.read_text())) == set(table())


def test_what_runs_elsewhere_is_run_by_ci_or_named_as_run_before_a_release() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    readme = README.read_text()
    release = readme[readme.index("Before a release") :]
    for command in table().values():
        if command.elsewhere:
            assert command.readme in ci or command.readme in release, command.readme


def test_the_last_lines_of_each_command_that_prints_are_checked() -> None:
    silent = ("source ", "cp ")
    unchecked = {c.readme for c in table().values() if not (c.elsewhere or c.last)}
    assert {command for command in unchecked if not command.startswith(silent)} == set()


def test_a_table_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Command.model_validate({"readme": "make a", "lst": "x"})


def test_ci_runs_checks_tests_and_the_readme() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line.startswith("make ")] == [
        "make check",
        "make test",
        "make readme",
    ]
