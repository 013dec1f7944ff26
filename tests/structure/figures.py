"""Figures of a project's structure, computed from its modules and its how-to documents."""

import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.structure.limits import BODY_LINES, MODULE_LINES
from tests.structure.modules import Function, Module

_SHARED_NAME = 3
"""Number of modules from which a base name counts as ambiguous."""
_LIKE_NAMED = re.compile(r"/(engines|learning)/\w+/")
_PATH = re.compile(r"(?<!python )(?<![\w./])(?:src|models|pipelines)/[\w./<>-]*[\w/]")


def size_figures(modules: Sequence[Module]) -> dict[str, str]:
    """Compute counts of modules and functions that exceed a limit, and the p90 of bodies."""
    functions = [each for module in modules for each in module.functions]
    public = [each for each in functions if each.public]
    letters = [module for module in modules if module.letters]
    references = sum(module.letter_references for module in modules)
    return {
        "modules": str(len(modules)),
        f"modules over {MODULE_LINES} lines": str(sum(m.lines > MODULE_LINES for m in modules)),
        "functions": str(len(functions)),
        f"functions over {BODY_LINES} lines": str(sum(f.body > BODY_LINES for f in functions)),
        "p90 of function bodies, lines": str(p90_of_bodies(functions)),
        "public names without docstring": str(
            sum(not f.documented for f in public) + sum(len(m.undocumented) for m in modules)
        ),
        "public functions without return type": str(sum(not f.returns for f in public)),
        "modules with imports as one letter": str(len(letters)),
        "references by one letter": str(references),
        f"base names of {_SHARED_NAME} modules or more": _names(shared_names(modules)),
    }


def p90_of_bodies(functions: Sequence[Function]) -> int:
    """Compute the 90th percentile of the lines of function bodies without docstrings."""
    return round(statistics.quantiles([each.body for each in functions], n=10)[-1])


def shared_names(modules: Sequence[Module]) -> dict[str, int]:
    """Count the modules of each base name that three or more have.

    The folders of engines and of models hold like-named files on purpose: each counts as one.
    """
    places = {(_LIKE_NAMED.sub(r"/\1/", f"{m.path.parent}/"), m.path.stem) for m in modules}
    counts = Counter(name for _, name in places if name != "__init__")
    return {name: n for name, n in sorted(counts.items()) if n >= _SHARED_NAME}


def _names(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({n})" for name, n in counts.items()) or "0"


def files_touched(how_to: str) -> list[str]:
    """List the files and new folders that a how-to document makes or edits.

    A how-to names them, and only them, by their paths from the project's folder: ``src/…``,
    ``models/…`` or ``pipelines/…``; a command, ``python pipelines/…``, names none. A folder ends
    with a slash; files in it count with it.
    """
    found = dict.fromkeys(_PATH.findall(how_to))
    folders = tuple(path for path in found if path.endswith("/"))
    return [
        path
        for path in found
        if not any(path.startswith(folder) and path != folder for folder in folders)
    ]


def read_how_tos(root: Path) -> dict[str, list[str]]:
    """Return the files that each ``docs/how-to/add-a-*.md`` changes, by what is added."""
    documents = sorted((root / "docs" / "how-to").glob("add-an-*.md"))
    documents += sorted((root / "docs" / "how-to").glob("add-a-*.md"))
    return {
        re.sub(r"^add-an?-", "", each.stem): files_touched(each.read_text("utf-8"))
        for each in documents
    }
