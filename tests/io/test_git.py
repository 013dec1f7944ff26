"""The commit of the code that trained a model."""

import subprocess
from pathlib import Path

import pytest

from goldrun.io import git as code
from goldrun.io.git import git_state


def test_outside_git_the_code_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "project_root", lambda: tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state() == ("unknown", "unknown")


def test_without_git_the_code_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git_state() == ("unknown", "unknown")


def test_the_commit_and_uncommitted_changes_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *who, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    monkeypatch.setattr(code, "project_root", lambda: tmp_path)
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    assert git_state() == (git("rev-parse", "HEAD"), "false")
    (tmp_path / "new.txt").touch()
    assert git_state() == (git("rev-parse", "HEAD"), "true")
