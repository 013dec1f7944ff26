"""Java and Spark's jars: found, or fetched into the project's own folder."""

import hashlib
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jdk

from goldrun.errors import ToolchainError
from goldrun.io.settings import project_root

log = logging.getLogger(__name__)

MINIMUM_JAVA = 17
_VERSION = re.compile(r'version "(\d+)')
_LOCK = Path(__file__).with_name("jars.lock")


def ensure_java() -> Path:
    """Find Java 17 or newer, or fetch one into ``.java``; sets ``JAVA_HOME`` for this process.

    Looks at ``JAVA_HOME``, at ``java`` on the path, and in the project's ``.java``, in this order.

    Returns:
        The Java home.

    Raises:
        ToolchainError: None is there and none could be fetched.
    """
    own = project_root() / ".java"
    for home in _candidates(own):
        version = java_version(home)
        if version is not None and version >= MINIMUM_JAVA:
            os.environ["JAVA_HOME"] = str(home)
            return home
    log.info("No Java %s or newer found: fetching one into %s", MINIMUM_JAVA, own)
    try:
        jdk.install(str(MINIMUM_JAVA), path=str(own))
    except Exception as error:
        raise ToolchainError(
            f"Java {MINIMUM_JAVA} or newer is needed and could not be fetched ({error}): install "
            f"one, for example OpenJDK {MINIMUM_JAVA}, and set JAVA_HOME or put java on the PATH."
        ) from error
    for home in _own_homes(own):
        if (java_version(home) or 0) >= MINIMUM_JAVA:
            os.environ["JAVA_HOME"] = str(home)
            return home
    raise ToolchainError(
        f"the Java that was fetched into {own} does not run: remove {own} and try again"
    )


def _candidates(own: Path) -> Iterator[Path]:
    if declared := os.environ.get("JAVA_HOME"):
        yield Path(declared)
    if found := shutil.which("java"):
        yield Path(found).resolve().parent.parent
    yield from _own_homes(own)


def _own_homes(own: Path) -> Iterator[Path]:
    # On macOS the home is inside the bundle, at <jdk>/Contents/Home.
    yield from (java.parent.parent for java in sorted(own.glob("**/bin/java"), reverse=True))


def java_version(home: Path) -> int | None:
    """Major version of the Java in ``home``; None when there is none that runs."""
    try:
        said = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, check=True
        ).stderr
    except (OSError, subprocess.CalledProcessError):
        return None
    found = _VERSION.search(said)
    return int(found.group(1)) if found else None


def ensure_jars() -> list[Path]:
    """Return the jars of Delta Lake, fetched into ``.jars`` the first time, each by its SHA-256.

    Raises:
        ToolchainError: They could not be fetched, or one is not what the lock says.
    """
    folder = project_root() / ".jars"
    locked = _locked()
    paths = [folder / name for name in locked]
    if not all(path.is_file() for path in paths):
        log.info("Fetching %s jars into %s", len(locked), folder)
        _fetch(folder)
    for path, (_, digest) in zip(paths, locked.values(), strict=True):
        if not path.is_file():
            raise ToolchainError(
                f"{path.name} could not be fetched: check the network, or put it into {folder}"
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ToolchainError(f"{path} is not the locked file: remove it and try again")
    return paths


def _locked() -> dict[str, tuple[str, str]]:
    """File name to (group:artifact:version, SHA-256)."""
    entries = [line.split() for line in _LOCK.read_text().splitlines() if line[:1] not in "#"]
    return {
        f"{coordinate.split(':')[1]}-{coordinate.split(':')[2]}.jar": (coordinate, digest)
        for coordinate, digest in entries
    }


def _fetch(folder: Path) -> None:
    """Retrieve the locked jars with the Ivy that ships inside pyspark."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise ToolchainError("pyspark is not installed: run make setup")
    ivy = next((Path(spec.origin).parent / "jars").glob("ivy-*.jar"))
    dependencies = "".join(
        '<dependency org="{}" name="{}" rev="{}" transitive="false" conf="default"/>'.format(
            *coordinate.split(":")
        )
        for coordinate, _ in _locked().values()
    )
    with tempfile.TemporaryDirectory() as scratch:
        module = Path(scratch) / "ivy.xml"
        module.write_text(
            '<ivy-module version="2.0"><info organisation="goldrun" module="jars"/>'
            f"<dependencies>{dependencies}</dependencies></ivy-module>"
        )
        pattern = f"{folder}/[artifact]-[revision].[ext]"
        command = [str(ensure_java() / "bin" / "java"), "-cp", str(ivy), "org.apache.ivy.Main"]
        command += ["-error", "-ivy", str(module), "-types", "jar", "-retrieve", pattern]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolchainError(
            f"Spark's jars could not be fetched: {(done.stderr or done.stdout).strip()[-500:]}"
        )
