"""Check the limits of size and documentation: ``python -m tests.structure.limits``.

Modules of ``src``, ``pipelines`` and ``benchmarks`` have at most 250 lines, their functions at most
40 lines without docstring, and every public module, class and function has a docstring and, if it
is a function, a return type. Tests are exempt from the limits of size, because a table of cases is
read from top to bottom; ruff and mypy check them like everything else. No two modules of tests have
one name, because pytest imports each by its name without the folder.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.project_copy import ROOT
from tests.structure.modules import Function, Module, read_modules

FOLDERS = ("src", "pipelines", "benchmarks")
MODULE_LINES = 250
BODY_LINES = 40


def breaches(modules: Iterable[Module]) -> Iterator[str]:
    """Yield one line for each breach of a limit: path, line, name, and what is wrong."""
    for module in modules:
        if module.lines > MODULE_LINES:
            yield f"{module.path}: {module.lines} lines, at most {MODULE_LINES}: split the module"
        for name in module.undocumented:
            yield f"{module.path}: {name} has no docstring: add one"
        for letter in module.letters:
            yield f"{module.path}: imported as {letter}: import the module by its name"
        for function in module.functions:
            yield from (
                f"{module.path}:{function.line}: {function.name} {fault}"
                for fault in _faults(function)
            )


def _faults(function: Function) -> Iterator[str]:
    if function.body > BODY_LINES:
        yield f"has {function.body} lines, at most {BODY_LINES}: split the function"
    if function.public and not function.documented:
        yield "has no docstring: add one"
    if function.public and not function.returns:
        yield "has no return type: annotate it"


def equal_names(tests: Iterable[Path]) -> Iterator[str]:
    """Yield one line for each module of tests whose name another one has."""
    by_path = sorted(tests)
    counts = Counter(path.name for path in by_path)
    for path in by_path:
        if counts[path.name] > 1:
            yield f"{path}: another module of tests has this name: rename one"


def main() -> int:
    """Print the breaches of this project; return 1 if there are any."""
    tests = (path.relative_to(ROOT) for path in ROOT.glob("tests/**/test_*.py"))
    found = [*breaches(read_modules(ROOT, FOLDERS)), *equal_names(tests)]
    print("\n".join(found) if found else "Structure: all limits hold")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
