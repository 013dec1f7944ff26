"""Files of random layouts through commands: bronze and silver, beside plain Python."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from goldrun.io.engines.base import Engine
from tests.fuzz.command import Ended, run_command
from tests.layouts.fates import expected_tables, tables_of
from tests.layouts.files import File, write_files
from tests.layouts.rows import draw_rows
from tests.layouts.shop import Shop, draw_shop, write_joined
from tests.layouts.texts import parts_of
from tests.project_copy import Project

COMMANDS = ("bronze", "silver")
MOST_RUNS = 2


def differences(engine: Engine, folder: Path, seed: int, project: Project | None) -> list[str]:
    """Draw a shop, read its files in one run or several, and compare its tables.

    Args:
        engine: The engine of commands in this process.
        folder: A folder that does not exist yet.
        seed: The draw.
        project: A copy of the project, whose commands are processes of their own; None for
            commands in this process.
    """
    drawn = Drawn(random.Random(seed), folder)
    runs: list[list[File]] = []
    while drawn.runs:
        runs.append(drawn.write_next())
        for name in COMMANDS:
            ended = _ended(engine, folder, name, project)
            if ended.code or "Traceback" in ended.output:
                return [f"{name} ended with {ended.code}: {ended.output}"]
    expected = expected_tables(drawn.shop, runs, datetime.now(UTC))
    return tables_of(folder / "lake").differences(expected)


class Drawn:
    """A drawn shop in its folder, and the rows that it writes into files before each run.

    Attributes:
        shop: The shop.
        runs: Rows of the runs to come.
    """

    def __init__(self, dice: random.Random, folder: Path, most_runs: int = MOST_RUNS) -> None:
        """Draw the shop and its rows."""
        self.shop: Shop = draw_shop(dice)
        self._dice, self._inbox, self._number = dice, folder / "in", 0
        self._inbox.mkdir(parents=True)
        toml = self.shop.toml(self._inbox, write_joined(self.shop, folder))
        (folder / "shop.toml").write_text(toml, encoding="utf-8")
        rows = draw_rows(dice, self.shop, "t", dice.randrange(2, 25))
        self.runs = list(parts_of(dice, rows))
        while len(self.runs) > most_runs:
            self.runs[-2:] = [[*self.runs[-2], *self.runs[-1]]]

    def write_next(self) -> list[File]:
        """Write the files of the next run."""
        self._number += 1
        rows = self.runs.pop(0)
        return write_files(self._dice, self.shop, rows, self._inbox, f"{self._number}-")


def _ended(engine: Engine, folder: Path, name: str, project: Project | None) -> Ended:
    given: Sequence[str] = (f"--source={folder / 'shop.toml'}", f"--lake={folder / 'lake'}")
    if project is None:
        return run_command(engine, folder, name, given)
    done = project.script(name, *given)
    return Ended(name, done.code, done.output)
