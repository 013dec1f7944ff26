"""The rule of docs/how-to/add-a-rule.md rejects rows as the page describes."""

import random
from pathlib import Path

import pytest

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from tests.fuzz.command import run_command
from tests.fuzz.shop import FIRST_DAY, TOML, order, some_orders, write_csv
from tests.how_to.documents import files_of, replace_once
from tests.jobs.old_files import age
from tests.project_copy import Project

pytestmark = pytest.mark.e2e

FILES = files_of("add-a-rule.md")
SOURCE = ("--source=shop.toml", "--lake=lake")
CONTRACT = "src/goldrun/contracts/entities.py"
BEFORE = 'only a cancelled or refunded transaction may have a negative amount",\n        ),\n'


@pytest.fixture(scope="module")
def extended(engine: Engine, clone: Project) -> Project:
    """A clone of the project with the rule of the page, and a small shop with orders in bronze."""
    _add_shop(clone.folder)
    ended = run_command(engine, clone.folder, "bronze", SOURCE)
    assert ended.code == 0, ended.output
    replace_once(clone.folder / CONTRACT, BEFORE, BEFORE + FILES[CONTRACT])
    return clone


def _add_shop(folder: Path) -> None:
    orders = some_orders(random.Random(0))
    for name, quantity in (("few", "500"), ("many", "501")):
        orders.append(order(len(orders), "c0", FIRST_DAY) | {"Id": name, "Quantity": quantity})
    (folder / "in").mkdir()
    write_csv(folder / "in" / "orders.csv", orders)
    age(folder / "in" / "orders.csv")
    (folder / "shop.toml").write_text(TOML)


def test_the_page_needs_one_file() -> None:
    assert list(FILES) == [CONTRACT]


def test_a_row_that_breaks_the_rule_is_in_quarantine_with_its_name(
    extended: Project, engine: Engine
) -> None:
    done = extended.script("silver", *SOURCE)
    assert done.code == 0, done.output
    lake = Lake(engine, str(extended.lake))
    (row,) = lake.read(lineage.QUARANTINE.name).collect()
    assert row[lineage.REASONS] == ["quantity_above_500"]
    assert '"Id":"many"' in row[lineage.RECORD]
    assert lake.read("silver/transactions").where("transaction_id = 'few'").count() == 1
