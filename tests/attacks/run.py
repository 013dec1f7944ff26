"""Attack the gate through the commands: each attack must end in a refusal with its reason.

    make attacks            all attacks, a quarter of an hour on two cores
    make attacks ONLY=alias those whose name has this text
    make demo-refusal       six of them, for people

Prints a table, and exits with 1 where an attack is not refused by its reason or the champion moves.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.attacks import of_demo, of_evidence, of_registry, of_training, shop, together
from tests.attacks.attack import Attack, Place, Result, carry_out
from tests.project_copy import Project

ATTACKS = (*of_evidence.ATTACKS, *of_registry.ATTACKS, *of_training.ATTACKS)


def main() -> int:
    """Make the shop, attack it, print the table; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="part of an attack's name")
    options.add_argument("--demo", action="store_true", help="six attacks, for people")
    given = options.parse_args()
    every = of_demo.DEMO if given.demo else ATTACKS
    chosen = [attack for attack in every if given.only in attack.name]
    with_races = not (given.only or given.demo)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        results = list(attacked(Path(scratch), chosen, with_races=with_races))
    show(results)
    refused = sum(not result.wrong for result in results)
    print(f"{refused} of {len(results)} attacks refused, in {time.monotonic() - started:.0f} s")
    return 0 if results and refused == len(results) else 1


def attacked(scratch: Path, attacks: Sequence[Attack], *, with_races: bool) -> Iterator[Result]:
    """Make the shop and carry out the attacks, each on the same state."""
    print("making the shop: a champion and a challenger …", flush=True)
    project = shop.make_shop(scratch / "shop")
    base = scratch / "base"
    shop.keep(project, base)
    for attack in attacks:
        yield _reported(carry_out(_restored(project, base), attack))
    if with_races:
        for race in together.RACES:
            yield _reported(race(_restored(project, base)))


def _restored(project: Project, base: Path) -> Place:
    shop.restore(project, base)
    return Place(project)


def _reported(result: Result) -> Result:
    print(f"  {'NOT REFUSED' if result.wrong else 'refused':12}{result.attack.name}", flush=True)
    return result


def show(results: Sequence[Result]) -> None:
    """Print the attacks, each with the line of its refusal."""
    table = Table("attack", "refused", "because", show_lines=True)
    for result in results:
        mark = f"NO: {result.wrong}" if result.wrong else "yes"
        table.add_row(result.attack.name, mark, escape(result.line[-300:]))
    Console(width=150).print(table)


if __name__ == "__main__":
    sys.exit(main())
