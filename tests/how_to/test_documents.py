"""The diffs of the how-to documents apply to the files that they change."""

import subprocess

import pytest

from tests.how_to.documents import diffs_of
from tests.project_copy import ROOT

PAGES = sorted(page.name for page in (ROOT / "docs" / "how-to").glob("*.md"))
WITH_DIFFS = [page for page in PAGES if diffs_of(page)]


def test_some_page_has_a_diff() -> None:
    assert "add-a-source-form.md" in WITH_DIFFS


@pytest.mark.parametrize("page", WITH_DIFFS)
def test_each_diff_applies(page: str) -> None:
    for diff in diffs_of(page):
        done = subprocess.run(
            ["git", "apply", "--check", "-"],
            cwd=ROOT,
            input=diff,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"docs/how-to/{page}: {done.stderr}"
