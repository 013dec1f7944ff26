"""Java is found where it is and good enough, else fetched, else asked for in one sentence."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import jdk
import pytest

from goldrun.errors import ToolchainError
from goldrun.io import toolchain
from goldrun.io.toolchain import ensure_java, java_version

Home = Callable[[str, str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Make a folder whose ``java -version`` says a version."""

    def make(name: str, version: str) -> Path:
        java = tmp_path / name / "bin" / "java"
        java.parent.mkdir(parents=True)
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-16' >&2\n")
        java.chmod(0o755)
        return tmp_path / name

    return make


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Java anywhere, and nothing can be fetched."""

    def offline(*_: object, **__: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(toolchain, "project_root", lambda: tmp_path / "project")
    # Kept by monkeypatch, so that what a test's search sets is undone after it.
    monkeypatch.setenv("JAVA_HOME", "")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(jdk, "install", offline)


@pytest.mark.parametrize(
    ("said", "major"),
    [("17.0.10", 17), ("21.0.2", 21), ("11.0.22", 11), ("1.8.0_402", 1), ("25", 25)],
)
def test_the_major_version_is_read(home: Home, said: str, major: int) -> None:
    assert java_version(home("jdk", said)) == major


def test_a_folder_without_java_has_no_version(tmp_path: Path) -> None:
    assert java_version(tmp_path / "absent") is None


def test_a_java_that_does_not_run_has_no_version(home: Home) -> None:
    broken = home("jdk", "17.0.1")
    (broken / "bin" / "java").write_text("#!/bin/sh\nexit 1\n")
    assert java_version(broken) is None
    (broken / "bin" / "java").write_text("#!/bin/sh\necho nonsense >&2\n")
    assert java_version(broken) is None
    (broken / "bin" / "java").chmod(0o644)
    assert java_version(broken) is None


def test_the_declared_java_wins_over_the_one_on_the_path(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared, on_path = home("declared", "21.0.2"), home("path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(declared))
    monkeypatch.setattr(shutil, "which", lambda _: str(on_path / "bin" / "java"))
    assert ensure_java() == declared


def test_a_declared_java_that_is_too_old_is_passed_over(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = home("path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(home("declared", "11.0.22")))
    monkeypatch.setattr(shutil, "which", lambda _: str(on_path / "bin" / "java"))
    assert ensure_java() == on_path
    assert os.environ["JAVA_HOME"] == str(on_path)


def test_a_java_that_was_fetched_before_is_found_again(home: Home) -> None:
    own = home("project/.java/jdk-17.0.10+7", "17.0.10")
    assert ensure_java() == own
    assert os.environ["JAVA_HOME"] == str(own)


def test_without_a_good_enough_java_one_is_fetched_into_the_project(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def install(version: str, *, path: str) -> str:
        asked.append((version, path))
        return str(home("project/.java/jdk-17.0.10+7", "17.0.10"))

    monkeypatch.setenv("JAVA_HOME", str(home("declared", "11.0.22")))
    monkeypatch.setattr(jdk, "install", install)
    found = ensure_java()
    assert asked == [("17", str(tmp_path / "project" / ".java"))]
    assert found == tmp_path / "project" / ".java" / "jdk-17.0.10+7"


def test_a_java_that_cannot_be_fetched_is_asked_for_in_one_sentence(home: Home) -> None:
    home("project/.java/old", "11.0.22")
    with pytest.raises(ToolchainError) as caught:
        ensure_java()
    message = str(caught.value)
    assert "Java 17 or newer is needed and could not be fetched (no route to host)" in message
    assert "set JAVA_HOME" in message
    assert "\n" not in message
    assert caught.value.exit_code == 6


def test_a_fetch_that_leaves_no_java_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdk, "install", lambda *_, **__: "")
    with pytest.raises(ToolchainError, match="does not run: remove"):
        ensure_java()


def test_a_jar_that_is_not_the_locked_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = tmp_path / "project" / ".jars"
    jars.mkdir(parents=True)
    monkeypatch.setattr(toolchain, "_locked", lambda: {"a-1.jar": ("g:a:1", "0" * 64)})
    (jars / "a-1.jar").write_bytes(b"another")
    with pytest.raises(ToolchainError, match=r"a-1\.jar is not the locked file: remove it"):
        toolchain.ensure_jars()
