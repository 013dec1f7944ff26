"""Break one promise at a time in a copy of the project; a test must fail for each.

    make mutants                      all of them
    make mutants ONLY=dedup           those whose name contains a word

A mutant that no test notices is printed as SURVIVED and makes the command fail. Each test named in
``mutants.toml`` is first run on the unbroken copy, so that red means the break and nothing else.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.project_copy import ROOT, copy_project

_LAST_CHARACTERS = 3000
"""Characters of the output that are shown where the unbroken tests fail."""


@dataclass(frozen=True)
class Mutant:
    """A break: in ``file``, ``before`` becomes ``after``; ``tests`` must fail.

    ``slow`` marks long tests, of ``make test-slow``.
    """

    name: str
    promise: str
    file: str
    before: str
    after: str
    tests: list[str]
    slow: bool = False


def all_mutants() -> list[Mutant]:
    """Read the mutants of ``mutants.toml``."""
    text = Path(__file__).with_name("mutants.toml").read_text(encoding="utf-8")
    return [Mutant(**entry) for entry in tomllib.loads(text)["mutant"]]


def main() -> int:
    """Run the mutants; return 0 if tests detect all of them."""
    only = os.environ.get("ONLY", "")
    mutants = [mutant for mutant in all_mutants() if only in mutant.name]
    if not mutants:
        print(f"no mutant's name contains {only!r}")
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        copy = copy_project(Path(scratch) / "goldrun").folder
        for slow in sorted({mutant.slow for mutant in mutants}):
            tests = sorted({test for each in mutants if each.slow == slow for test in each.tests})
            print(f"Unbroken: {len(tests)} tests ...", flush=True)
            code, output = _run(copy, tests, slow=slow)
            if code != 0:
                print(output[-_LAST_CHARACTERS:])
                print("The tests fail without a break: correct that first")
                return 1
        survivors = [mutant for mutant in mutants if not _is_detected(copy, mutant)]
    print(f"\n{len(mutants) - len(survivors)} of {len(mutants)} mutants detected")
    return 1 if survivors else 0


def _is_detected(copy: Path, mutant: Mutant) -> bool:
    file = copy / mutant.file
    sound = file.read_text()
    if sound.count(mutant.before) != 1:
        print(f"STALE     {mutant.name}: {mutant.before!r} is not once in {mutant.file}")
        return False
    file.write_text(sound.replace(mutant.before, mutant.after))
    started = time.monotonic()
    code, _ = _run(copy, mutant.tests, slow=mutant.slow)
    file.write_text(sound)
    detected = code == 1  # pytest's code for failed tests; others mean that they did not run
    word = "detected" if detected else "SURVIVED" if code == 0 else f"BROKEN ({code})"
    print(
        f"{word:<9} {mutant.name}: {mutant.promise} ({time.monotonic() - started:.0f} s)",
        flush=True,
    )
    return detected


def _run(copy: Path, tests: list[str], *, slow: bool) -> tuple[int, str]:
    """Run tests, each with its engine, until one fails; return pytest's exit code and output."""
    of_spark = [test for test in tests if _is_of_spark(test)]
    others = [test for test in tests if test not in of_spark]
    code, output, mark = 0, "", "slow" if slow else "not slow"
    for engine, chosen in (("sail", others), ("spark", of_spark)):
        if chosen and code == 0:
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
            command += ["-m", mark]
            given = {"PYTHONPATH": "src:.", "PYTHONDONTWRITEBYTECODE": "1"}
            environment = os.environ | given | {"GOLDRUN_ENGINE": engine}
            done = subprocess.run(
                [*command, *chosen],
                cwd=copy,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            code, output = done.returncode, done.stdout
    return code, output


def _is_of_spark(test: str) -> bool:
    """Whether the module of a test, or one in a folder of tests, is marked ``of_spark``."""
    place = ROOT / test.partition("::")[0]
    modules = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    marked = re.compile(r"^pytestmark = .*pytest\.mark\.of_spark", re.MULTILINE)
    return any(marked.search(module.read_text("utf-8")) for module in modules)


if __name__ == "__main__":
    sys.exit(main())
