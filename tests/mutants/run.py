"""Break one promise at a time in copies of the project; a test must fail for each.

    make mutants                      all of them
    make mutants ONLY=dedup           those whose name contains a word
    make mutants JOBS=1               one at a time; as many as there are cores when not given

A mutant that no test notices is printed as SURVIVED and makes the command fail. Each test named in
``mutants.toml`` is first run on an unbroken copy, so that red means the break and nothing else.
"""

import compileall
import os
import py_compile
import re
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tests.mutants.forked import import_libraries, run_pytest
from tests.project_copy import ROOT, copy_project

_LAST_CHARACTERS = 3000
"""Characters of the output that are shown where the unbroken tests fail."""
_GROUPS = 8
"""Groups of a job's unbroken tests, so that the jobs end at about the same time."""


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


@dataclass(frozen=True)
class Unbroken:
    """Tests to run on an unbroken copy."""

    tests: list[str]
    slow: bool


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
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 1)
    import_libraries()
    with (
        tempfile.TemporaryDirectory() as scratch,
        ProcessPoolExecutor(jobs, get_context("fork"), _make_copy, (scratch,)) as pool,
    ):
        try:
            detected = _detected(pool, mutants, jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if detected is None:
        return 1
    print(f"\n{detected} of {len(mutants)} mutants detected")
    return 0 if detected == len(mutants) else 1


def _detected(pool: ProcessPoolExecutor, mutants: Sequence[Mutant], jobs: int) -> int | None:
    """Return how many mutants are detected; None where tests fail without a break."""
    groups = _unbroken(mutants, jobs * _GROUPS)
    print(f"Unbroken: {sum(len(group.tests) for group in groups)} tests ...", flush=True)
    for failure in pool.map(_failure, groups):
        if failure:
            print(f"{failure}\nThe tests fail without a break: correct that first")
            pool.shutdown(cancel_futures=True)
            return None
    detected = 0
    for tried in as_completed([pool.submit(_try, mutant) for mutant in mutants]):
        is_detected, line = tried.result()
        print(line, flush=True)
        detected += is_detected
    return detected


_copy = Path()
"""The copy of the project of a job, a process of its own."""


def _make_copy(scratch: str) -> None:
    global _copy  # noqa: PLW0603
    _copy = copy_project(Path(scratch) / f"{os.getpid()}" / "goldrun").folder
    # By the hash of the source: a break and its repair may have the same second and size.
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    for folder in ("src", "tests", "pipelines", "benchmarks"):
        compileall.compile_dir(_copy / folder, quiet=2, invalidation_mode=mode)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def _unbroken(mutants: Sequence[Mutant], count: int) -> list[Unbroken]:
    groups = []
    for slow in sorted({mutant.slow for mutant in mutants}):
        tests = sorted({test for each in mutants if each.slow == slow for test in each.tests})
        parts = (list(islice(tests, n, None, count)) for n in range(count))
        groups += [Unbroken(part, slow) for part in parts if part]
    return groups


def _failure(group: Unbroken) -> str:
    """Return the end of the output where tests fail without a break; empty where they pass."""
    code, output = _run(group.tests, slow=group.slow)
    return output[-_LAST_CHARACTERS:] if code else ""


def _try(mutant: Mutant) -> tuple[bool, str]:
    """Break the copy and run the tests; return whether one fails, and a line that says so."""
    file = _copy / mutant.file
    sound = file.read_text()
    if sound.count(mutant.before) != 1:
        return False, f"STALE     {mutant.name}: {mutant.before!r} is not once in {mutant.file}"
    started = time.monotonic()
    try:
        file.write_text(sound.replace(mutant.before, mutant.after))
        code, _ = _run(mutant.tests, slow=mutant.slow)
    finally:
        file.write_text(sound)
        # Examples that Hypothesis found with this break would be tried first with the next.
        shutil.rmtree(_copy / ".hypothesis", ignore_errors=True)
    detected = code == 1  # pytest's code for failed tests; others mean that they did not run
    word = "detected" if detected else "SURVIVED" if code == 0 else f"BROKEN ({code})"
    seconds = time.monotonic() - started
    return detected, f"{word:<9} {mutant.name}: {mutant.promise} ({seconds:.0f} s)"


def _run(tests: Iterable[str], *, slow: bool) -> tuple[int, str]:
    """Run tests, each with its engine, until one fails; return pytest's exit code and output."""
    of_spark = [test for test in tests if _is_of_spark(test)]
    others = [test for test in tests if test not in of_spark]
    code, output = 0, ""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-m", "slow" if slow else "not slow"]
    for engine, chosen in (("sail", others), ("spark", of_spark)):
        if chosen and code == 0:
            code, output = run_pytest(_copy, engine, [*options, *chosen])
    return code, output


def _is_of_spark(test: str) -> bool:
    """Whether the module of a test, or one in a folder of tests, is marked ``of_spark``."""
    place = ROOT / test.partition("::")[0]
    modules = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    marked = re.compile(r"^pytestmark = .*pytest\.mark\.of_spark", re.MULTILINE)
    return any(marked.search(module.read_text("utf-8")) for module in modules)


if __name__ == "__main__":
    sys.exit(main())
