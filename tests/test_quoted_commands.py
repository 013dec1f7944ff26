"""A command that a page, a message or a settings file quotes can be copied as it stands."""

import re

import pytest

from tests.project_copy import ROOT

PATH_GIVEN = "PYTHONPATH=src:. "
TOLD = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("README.md", "docs/**/*.md", "src/**/*.py", "pipelines/**/*.*")
    for path in ROOT.glob(pattern)
    if path.suffix in {".md", ".py", ".toml"}
)


@pytest.mark.parametrize("name", TOLD)
def test_a_script_is_quoted_with_the_path_that_it_needs(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for found in re.finditer(r"python pipelines/", text):
        before = text[: found.start()]
        assert before.endswith(PATH_GIVEN), before[-80:]


@pytest.mark.parametrize("name", [name for name in TOLD if not name.endswith(".md")])
def test_a_message_runs_the_project_in_the_environment_that_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"mlflow run \.(?! --env-manager local)", text)
