"""Print the figures of the project's structure: ``make structure``.

The path of a row is measured by running the pipeline on the sample data, which takes about three
minutes; ``--row-path=no`` leaves it out. Another checkout is measured from its own folder:

    cd OTHER && PYTHONPATH=src:.:THIS python -m tests.structure.run
"""

import argparse
import sys
from pathlib import Path

from tests.structure.figures import read_how_tos, size_figures
from tests.structure.limits import FOLDERS
from tests.structure.modules import read_modules
from tests.structure.row_path import measure


def main() -> int:
    """Print the figures of the project in the current folder, one a line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--row-path", choices=("yes", "no"), default="yes", help="run pipeline")
    given = options.parse_args()
    root = Path.cwd()
    path = measure(root) if given.row_path == "yes" else None
    figures = size_figures(read_modules(root, FOLDERS))
    for added, files in read_how_tos(root).items():
        figures[f"files that a new {added} touches"] = f"{len(files)}: {', '.join(files)}"
    if path:
        print("\n".join(path.rows))
        print("\n".join(f"{each} (after the fit)" for each in path.later))
        print("\n".join(f"{each} (columns)" for each in path.expressions))
        figures["files that a row passes to the model"] = str(len(path.rows))
        figures["more files after it"] = str(len(path.later))
        figures["more files that build its columns"] = str(len(path.expressions))
    print("\n".join(f"{name:<42} {value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
