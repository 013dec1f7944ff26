"""Java is found if a version suffices, else fetched, else requested by an error message."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import jdk
import pyspark
import pytest

from goldrun.devtools import toolchain
from goldrun.devtools.toolchain import Jars, ensure_jars, ensure_java, java_version
from goldrun.errors import ToolchainError

Home = Callable[[str, str], Path]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Make a folder whose ``java -version`` prints a version."""

    def make(name: str, version: str) -> Path:
        java = tmp_path / name / "bin" / "java"
        java.parent.mkdir(parents=True)
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-16' >&2\n")
        java.chmod(0o755)
        return tmp_path / name

    return make


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Java and without network."""

    def offline(*_: object, **__: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(toolchain, "project_root", lambda: tmp_path / "project")
    # monkeypatch restores the variables that a search sets.
    monkeypatch.setenv("JAVA_HOME", "")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(jdk, "install", offline)


@pytest.mark.parametrize(
    ("output", "major"),
    [("17.0.10", 17), ("21.0.2", 21), ("11.0.22", 11), ("1.8.0_402", 1), ("25", 25)],
)
def test_the_major_version_is_read(home: Home, output: str, major: int) -> None:
    assert java_version(home("jdk", output)) == major


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


def test_a_declared_java_that_is_too_old_is_skipped(
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


def test_java_is_fetched_into_the_project_if_no_installed_one_suffices(
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


def test_an_error_asks_for_java_when_it_cannot_be_fetched(home: Home) -> None:
    home("project/.java/old", "11.0.22")
    with pytest.raises(ToolchainError) as exc_info:
        ensure_java()
    message = str(exc_info.value)
    assert "Java 17 or newer is needed and could not be fetched (no route to host)" in message
    assert "set JAVA_HOME" in message
    assert "\n" not in message
    assert exc_info.value.exit_code == 6


def test_a_fetch_that_leaves_no_java_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdk, "install", lambda *_, **__: "")
    with pytest.raises(ToolchainError, match="does not run: remove"):
        ensure_java()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fetched jars; every lock names the jars a and b, and a jar c is unavailable."""
    asked: list[str] = []
    locked = {
        "a-1.jar": ("g:a:1", digest(b"a")),
        "b-2.jar": ("g:b:2", digest(b"b")),
    }

    def fetch(coordinates: list[str], folder: Path) -> None:
        asked.extend(coordinates)
        for _, name, version in (coordinate.split(":") for coordinate in coordinates):
            if name != "c":
                (folder / f"{name}-{version}.jar").write_bytes(name.encode())

    monkeypatch.setattr(toolchain, "_fetch", fetch)
    monkeypatch.setattr(Jars, "locked", lambda _: locked)
    return asked


def test_a_jar_is_fetched_once(fetched: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "project" / ".jars"
    folder.mkdir(parents=True)
    (folder / "a-1.jar").write_bytes(b"a")
    paths = [folder / "a-1.jar", folder / "b-2.jar"]
    assert ensure_jars(Jars.DELTA) == paths
    assert ensure_jars(Jars.DELTA) == paths
    assert fetched == ["g:b:2"]


def test_the_broker_has_its_own_folder(fetched: list[str], tmp_path: Path) -> None:
    ensure_jars(Jars.KAFKA_BROKER)
    jars = (tmp_path / "project" / ".jars").rglob("*.jar")
    assert {jar.parent.name for jar in jars} == {"broker"}


def test_several_sets_of_jars_are_returned_in_order(fetched: list[str]) -> None:
    both = ensure_jars(Jars.KAFKA_BROKER, Jars.DELTA)
    assert both == ensure_jars(Jars.KAFKA_BROKER) + ensure_jars(Jars.DELTA)


@pytest.mark.usefixtures("fetched")
def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    jars = tmp_path / "project" / ".jars"
    jars.mkdir(parents=True)
    (jars / "a-1.jar").write_bytes(b"another")
    with pytest.raises(ToolchainError, match=r"a-1\.jar is not the locked file: remove it"):
        ensure_jars(Jars.DELTA)


@pytest.mark.usefixtures("fetched")
def test_an_unavailable_jar_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Jars, "locked", lambda _: {"c-3.jar": ("g:c:3", digest(b"c"))})
    with pytest.raises(ToolchainError, match=r"c-3\.jar could not be fetched: check the network"):
        ensure_jars(Jars.DELTA)


def test_a_failed_fetch_leaves_no_partial_file(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = home("declared", "17.0.1")
    script = (declared / "bin" / "java").read_text()
    # The first call asks for the version; the second runs Ivy with the jars' folder last.
    fail = 'test $# = 1 || { touch "$(dirname "${@: -1}")/half.jar"; echo no route >&2; exit 1; }'
    bash = script.replace("#!/bin/sh\n", f"#!/bin/bash\n{fail}\n")
    (declared / "bin" / "java").write_text(bash)
    monkeypatch.setenv("JAVA_HOME", str(declared))
    with pytest.raises(ToolchainError, match=r"^jars could not be fetched: no route$"):
        ensure_jars(Jars.KAFKA_CONNECTOR)
    assert [path.name for path in (tmp_path / "project" / ".jars").iterdir()] == [".lock"]


@pytest.mark.parametrize("jars", Jars)
def test_every_lock_names_jars_and_their_digests(jars: Jars) -> None:
    locked = jars.locked()
    assert locked
    for name, (coordinate, sha256) in locked.items():
        group, artifact, version = coordinate.split(":")
        assert group
        assert name == f"{artifact}-{version}.jar"
        assert re.fullmatch("[0-9a-f]{64}", sha256)


def test_spark_has_no_library_in_two_versions() -> None:
    shipped = [jar.name for jar in (Path(pyspark.__file__).parent / "jars").glob("*.jar")]
    added = [*Jars.DELTA.locked(), *Jars.KAFKA_CONNECTOR.locked()]
    libraries = [re.sub(r"-\d[^-]*\.jar$", "", name) for name in [*shipped, *added]]
    twice = {name for name in libraries if libraries.count(name) > 1}
    assert not twice & {re.sub(r"-\d[^-]*\.jar$", "", name) for name in added}


def test_the_connector_is_made_for_the_installed_spark() -> None:
    assert f"spark-sql-kafka-0-10_2.13-{pyspark.__version__}.jar" in Jars.KAFKA_CONNECTOR.locked()
