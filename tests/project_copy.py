"""A clone of the project for tests: its files in another folder, committed there."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.engines import ENGINE

ROOT = Path(__file__).parents[1]
_TOOLCHAIN = (".jars", ".java")


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code, its output, and its duration in seconds."""

    code: int
    output: str
    seconds: float


@dataclass(frozen=True)
class Project:
    """A copy of the project, with its own lake and store."""

    folder: Path

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def store(self) -> str:
        return f"sqlite:///{self.folder}/mlflow.db"

    def run(self, *command: str) -> Done:
        """Run a command as in an activated environment without other variables."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MLFLOW_", "GOLDRUN_", "PYTHONPATH", "SPARK_", "SAIL_"))
        } | {"GOLDRUN_ENGINE": ENGINE.name}
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, time.monotonic() - started)

    def clone(self, folder: Path, store: Path) -> "Project":
        """Clone the committed files, which takes less time than to commit a copy of them.

        Args:
            folder: A folder that does not exist yet.
            store: A database without runs, which the clone begins with.
        """
        command = ["git", "clone", "--quiet", "--local", str(self.folder), str(folder)]
        subprocess.run(command, check=True)
        _link_toolchain(folder)
        shutil.copy(store, folder / "mlflow.db")
        return Project(folder)

    def script(self, name: str, *options: str) -> Done:
        """Run ``python pipelines/<name>.py`` with options."""
        python = ["env", "PYTHONPATH=src:.", "python", f"pipelines/{name}.py"]
        return self.run(*python, *options)


def copy_project(folder: Path) -> Project:
    """Copy the files that git tracks, commit them there, and link the jars and the Java."""
    for name in _files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    _link_toolchain(folder)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "copy"]):
        subprocess.run(["git", "-C", folder, *identity, *arguments], check=True)
    return Project(folder)


def _link_toolchain(folder: Path) -> None:
    for name in _TOOLCHAIN:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)


def _files() -> list[str]:
    """Return the files that git tracks or would add; without git, all but generated files."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        return [name for name in names if (ROOT / name).is_file()]
    generated = {".venv", ".jars", ".java", "lake", "logs", "mlruns", "mlflow.db", ".kafka"}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [str(path) for path in found if path.parts[0] not in generated]
