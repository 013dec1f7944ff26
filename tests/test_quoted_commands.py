"""Commands in pages, messages and settings files work as they are quoted."""

import re

import pytest

from tests.project_copy import ROOT

ENVIRONMENT = "PYTHONPATH=src:. "
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("README.md", "docs/**/*.md", "src/**/*.py", "pipelines/**/*.*")
    for path in ROOT.glob(pattern)
    if path.suffix in {".md", ".py", ".toml"}
)


@pytest.mark.parametrize("name", PAGES)
def test_a_script_is_quoted_with_the_path_that_it_needs(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for found in re.finditer(r"python pipelines/", text):
        before = text[: found.start()]
        assert before.endswith(ENVIRONMENT), before[-80:]


@pytest.mark.parametrize("name", [name for name in PAGES if not name.endswith(".md")])
def test_a_message_runs_the_project_in_the_current_environment(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"mlflow run \.(?! --env-manager local)", text)
