"""Run every command of README.md and the reference in a copy of the project: ``make readme``."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.project_copy import ROOT, Project, copy_project
from tests.readme.commands import Command, commands_of_documents, table

_LAST_LINES = 15
_LONGEST = 1800
"""Seconds after which a command counts as hanging."""
_STARTS = 120
"""Seconds within which a server answers."""
_STOPS = ("make kafka-stop", "make cluster-stop")


@dataclass(frozen=True)
class Ran:
    """The result of a command; ``fault`` is empty if it ended as expected."""

    command: Command
    exit_code: int | None
    seconds: float
    fault: str


def main() -> int:
    """Run the commands in the order of the documents; return 1 if one does not end as expected."""
    known = table()
    commands = [known[text] for text in commands_of_documents()]
    only = os.environ.get("ONLY", "")
    with tempfile.TemporaryDirectory(prefix="goldrun-readme-") as scratch:
        project = copy_project(Path(scratch) / "goldrun")
        (project.folder / ".venv").symlink_to(ROOT / ".venv")
        with _servers_stopped(project):
            results = [_run_and_report(project, each) for each in commands if only in each.readme]
    Console(width=None if sys.stdout.isatty() else 140).print(_page(results))
    failed = sum(bool(each.fault) for each in results)
    elsewhere = sum(bool(each.command.elsewhere) for each in results)
    passed = len(results) - failed - elsewhere
    print(f"{passed} passed, {failed} failed, {elsewhere} are not run here")
    return int(failed > 0)


@contextlib.contextmanager
def _servers_stopped(project: Project) -> Iterator[None]:
    try:
        yield
    finally:
        for stop in _STOPS:
            _run(project, Command(readme=stop))


def _run_and_report(project: Project, command: Command) -> Ran:
    print(f"$ {command.run or command.readme}", flush=True)
    if command.elsewhere:
        ran = Ran(command, None, 0, "")
        print(f"  {command.elsewhere}", flush=True)
        return ran
    _write(project, command)
    ran = _serve(project, command) if command.answers else _run(project, command)
    print(f"  exit code {ran.exit_code}, {ran.seconds:.0f} s {ran.fault}", flush=True)
    return ran


def _write(project: Project, command: Command) -> None:
    for name, text in command.files.items():
        file = project.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("{project}", str(project.folder)), encoding="utf-8")


def _start(project: Project, command: Command) -> "subprocess.Popen[str]":
    """Start a command as in an activated environment without other variables."""
    ours = ("MLFLOW_", "GOLDRUN_", "PYTHONPATH", "SPARK_", "SAIL_", "MAKE", "MFLAGS")
    environment = {n: v for n, v in os.environ.items() if not n.startswith(ours)}
    environment["PATH"] = f"{project.folder}/.venv/bin:{environment['PATH']}"
    return subprocess.Popen(
        ["bash", "-c", command.run or command.readme],
        cwd=project.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _run(project: Project, command: Command) -> Ran:
    began = time.monotonic()
    process = _start(project, command)
    try:
        output, _ = process.communicate(timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return Ran(command, None, time.monotonic() - began, f"HANGS: {_end_of(output)}")
    fault = ""
    if process.returncode != command.exit_code:
        fault = f"FAILED, not {command.exit_code}: {_end_of(output)}"
    elif command.last not in _end_of(output):
        fault = f"ENDS WITHOUT {command.last!r}: {_end_of(output)}"
    return Ran(command, process.returncode, time.monotonic() - began, fault)


def _end_of(output: str) -> str:
    return "\n".join(output.splitlines()[-_LAST_LINES:])


def _serve(project: Project, command: Command) -> Ran:
    """Start a server, wait until it answers, and stop it."""
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        _read(command.answers)
        return Ran(command, None, 0, "ANOTHER SERVER ANSWERS THERE")
    began = time.monotonic()
    process = _start(project, command)
    try:
        while process.poll() is None and time.monotonic() - began < _STARTS:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                page = _read(command.answers)
                fault = "" if command.last in page else f"WRONG PAGE: {page[:200]}"
                return Ran(command, 0, time.monotonic() - began, fault)
            time.sleep(0.5)
        return Ran(command, process.returncode, time.monotonic() - began, "DOES NOT ANSWER")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate()


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def _page(results: list[Ran]) -> Table:
    page = Table(
        title="Commands of README.md and docs/reference/commands.md",
        box=box.SIMPLE_HEAD,
        title_justify="left",
    )
    for heading in ("command", "run as", "exit code", "seconds", ""):
        page.add_column(heading, overflow="fold")
    for each in results:
        elsewhere = each.command.elsewhere
        code, seconds = str(each.exit_code), f"{each.seconds:.0f}"
        cells = ["-", "-", elsewhere] if elsewhere else [code, seconds, each.fault or "as expected"]
        page.add_row(each.command.readme, each.command.run, *cells)
    return page


if __name__ == "__main__":
    sys.exit(main())
