"""Print twenty functions chosen at random, for a reader who does not know them.

    python -m tests.structure.sample --seed=2026 > functions.md

The reader gets body and docstring alone and says in one sentence what a function does, and in which
room it belongs. ``--places`` prints the file and the name of each instead.
"""

import argparse
import ast
import random
from pathlib import Path

_FUNCTIONS = 20
_SHORTEST = 5
"""Lines of the shortest function that is shown."""


def functions_of(folder: Path) -> list[tuple[str, str]]:
    """List place (``file:name``) and text of each function of a folder, ordered by place."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
                source = ast.get_source_segment(text, node) or ""
                if source.count("\n") + 1 >= _SHORTEST:
                    found.append((f"{file}:{node.name}", source))
    return found


def main() -> None:
    """Print the functions of a seed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, required=True, help="seed of the choice")
    options.add_argument("--places", action="store_true", help="print where they are")
    given = options.parse_args()
    functions = functions_of(Path("src/goldrun"))
    random.Random(given.seed).shuffle(functions)
    for number, (place, source) in enumerate(functions[:_FUNCTIONS], 1):
        text = place if given.places else f"```python\n{source}\n```\n"
        print(f"{number}. {text}")


if __name__ == "__main__":
    main()
