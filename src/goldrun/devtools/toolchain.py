"""Find Java and jars, or fetch them into the project's folder."""

import hashlib
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import jdk
from filelock import FileLock

from goldrun.errors import ToolchainError
from goldrun.io.settings import project_root

log = logging.getLogger(__name__)

MINIMUM_JAVA = 17
_VERSION = re.compile(r'version "(\d+)')


class Jars(Enum):
    """A set of jars: the name of its lock file, and its folder in ``.jars``.

    A lock file is beside this module. It lists every jar as group:artifact:version with its
    SHA-256.
    """

    DELTA = ("jars.lock", "")
    KAFKA_CONNECTOR = ("kafka_connector.lock", "")
    # In its own folder, because broker and Spark need different versions of the same libraries.
    KAFKA_BROKER = ("kafka_broker.lock", "broker")

    @property
    def folder(self) -> Path:
        """Folder of the jars."""
        return project_root() / ".jars" / self.value[1]

    def locked(self) -> dict[str, tuple[str, str]]:
        """Return (group:artifact:version, SHA-256) by file name."""
        lines = Path(__file__).with_name(self.value[0]).read_text().splitlines()
        entries = [line.split() for line in lines if line[:1] not in "#"]
        return {
            f"{coordinate.split(':')[1]}-{coordinate.split(':')[2]}.jar": (coordinate, digest)
            for coordinate, digest in entries
        }


def ensure_java() -> Path:
    """Find Java 17 or newer, or fetch it into ``.java``; set ``JAVA_HOME`` for this process.

    The search reads ``JAVA_HOME``, the path, and the project's ``.java``, in this order.

    Returns:
        The Java home.

    Raises:
        ToolchainError: Java is not installed and can't be fetched.
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
    """Return the major version of the Java in ``home``; None if it does not run."""
    try:
        output = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, check=True
        ).stderr
    except (OSError, subprocess.CalledProcessError):
        return None
    found = _VERSION.search(output)
    return int(found.group(1)) if found else None


def ensure_jars(*wanted: Jars) -> list[Path]:
    """Return the jars of some sets, and fetch missing ones.

    Raises:
        ToolchainError: A jar can't be fetched, or its SHA-256 differs from the lock file.
    """
    return [path for jars in wanted for path in _ensure(jars)]


def _ensure(jars: Jars) -> list[Path]:
    folder, locked = jars.folder, jars.locked()
    missing = [name for name in locked if not (folder / name).is_file()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        # Ivy's cache does not support concurrent processes.
        with FileLock(project_root() / ".jars" / ".lock"):
            missing = [name for name in missing if not (folder / name).is_file()]
            if missing:
                log.info("Fetching %s jars into %s", len(missing), folder)
                _fetch([locked[name][0] for name in missing], folder)
    for name, (_, digest) in locked.items():
        path = folder / name
        if not path.is_file():
            raise ToolchainError(
                f"{name} could not be fetched: check the network, or put it into {folder}"
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ToolchainError(f"{path} is not the locked file: remove it and try again")
    return [folder / name for name in locked]


def _fetch(coordinates: list[str], folder: Path) -> None:
    """Fetch jars without their dependencies, with the Ivy that is part of pyspark."""
    dependencies = "".join(
        '<dependency org="{}" name="{}" rev="{}" transitive="false" conf="default"/>'.format(
            *coordinate.split(":")
        )
        for coordinate in coordinates
    )
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        module = Path(scratch) / "ivy.xml"
        module.write_text(
            '<ivy-module version="2.0"><info organisation="goldrun" module="jars"/>'
            f"<dependencies>{dependencies}</dependencies></ivy-module>"
        )
        pattern = f"{scratch}/[artifact]-[revision].[ext]"
        command = [str(ensure_java() / "bin" / "java"), "-cp", str(_ivy()), "org.apache.ivy.Main"]
        command += ["-error", "-ivy", str(module), "-types", "jar", "bundle", "-retrieve", pattern]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ToolchainError(
                f"jars could not be fetched: {(done.stderr or done.stdout).strip()[-500:]}"
            )
        # Moved when complete, so that another process never reads an incomplete jar.
        for jar in Path(scratch).glob("*.jar"):
            jar.replace(folder / jar.name)


def _ivy() -> Path:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise ToolchainError("pyspark is not installed: run make setup")
    return next((Path(spec.origin).parent / "jars").glob("ivy-*.jar"))
