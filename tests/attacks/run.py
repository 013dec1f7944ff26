"""Attack the gate through the commands: each attack must end in a refusal with its reason.

    make attacks                        all attacks, half an hour or more on two cores
    make attacks ONLY=alias             those whose name has this text
    make attacks WRITE=docs/attacks.md  all, written into the page too; with ONLY some of its rows
    make demo-refusal                   six of them, for people

Prints a table, and exits with 1 where an attack is not refused by its reason or the champion moves.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.attacks import (
    of_demo,
    of_evidence,
    of_models,
    of_registry,
    of_segments,
    of_store,
    of_training,
    page,
    shop,
    together,
)
from tests.attacks.attack import Attack, Place, Result, carry_out
from tests.project_copy import Project

log = logging.getLogger("attacks")

ATTACKS = (
    *of_training.ATTACKS,
    *of_segments.ATTACKS,
    *of_models.ATTACKS,
    *of_evidence.ATTACKS,
    *of_registry.ATTACKS,
    *of_store.ATTACKS,
)


def main() -> int:
    """Make the shop, attack it, print the table; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="part of an attack's name")
    options.add_argument("--demo", action="store_true", help="six attacks, for people")
    options.add_argument("--write", default="", help="page to write, such as docs/attacks.md")
    given = options.parse_args()
    every = of_demo.DEMO if given.demo else ATTACKS
    chosen = [attack for attack in every if given.only in attack.name]
    with_races = not (given.only or given.demo)
    started = time.monotonic()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as scratch:
        for result in attacked(Path(scratch), chosen, with_races=with_races):
            results.append(result)
            _write(given.write, results)
    show(results)
    refused = sum(not result.wrong for result in results)
    print(f"{refused} of {len(results)} attacks refused, in {time.monotonic() - started:.0f} s")
    return 0 if results and refused == len(results) else 1


def _write(file: str, results: Sequence[Result]) -> None:
    """Write the page, after each attack, so that a run that is stopped leaves what it found."""
    if not file:
        return
    path = Path(file)
    names = [*(attack.name for attack in ATTACKS), *together.NAMES]
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(page.page(results, names, before), encoding="utf-8")


def attacked(scratch: Path, attacks: Sequence[Attack], *, with_races: bool) -> Iterator[Result]:
    """Make the shop and carry out the attacks, each on the same state."""
    print("making the shop: a champion and a challenger …", flush=True)
    project = shop.make_shop(scratch / "shop")
    base = scratch / "base"
    shop.keep(project, base)
    for attack in attacks:
        yield _reported(_carried_out(_restored(project, base), attack))
    if with_races:
        for race in together.RACES:
            yield _reported(race(_restored(project, base)))


def _carried_out(place: Place, attack: Attack) -> Result:
    """Carry out an attack; one that can't be carried out does not count as refused."""
    try:
        return carry_out(place, attack)
    except Exception as error:
        log.exception("%s failed", attack.name)
        return Result(attack, "", f"the attack itself failed: {type(error).__name__}: {error}")


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
