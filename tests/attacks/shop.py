"""A small shop with a champion and a challenger, made by the commands, in a copy of the project."""

import csv
import math
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

from tests.project_copy import Done, Project, copy_project

FIRST_DAY = date(2024, 1, 1)
NAME = "shop-churn"
SOURCE = "--source=shop"
STATE = ("in", "lake", "mlflow.db", "mlruns", "models", "pipelines")
"""Files and folders that an attack may change."""
HORIZON_DAYS = 30
_CUSTOMERS = 500
_DAYS = 400
_NEW_DAYS = 21
_SETTINGS = """\
timezone = "UTC"
max_reject_share = 0.2

[transactions]
path = "in/*.csv"

[transactions.columns]
transaction_id = "id"
customer_id = "who"
transaction_date = "day"
quantity = "1"
price = "amount"
amount = "amount"
transaction_status = "'completed'"
"""
_MODEL = f"""\
horizon_days = {HORIZON_DAYS}
origins_every = "week"
max_origins = 12
features = ["recency_days", "purchase_frequency", "purchase_gap_mean_days", "purchase_gap_std_days"]
estimator = "hist_gradient_boosting"
parameters = {{learning_rate = 0.05, max_iter = 60, max_leaf_nodes = 8, min_samples_leaf = 40}}
max_psi = 10.0
"""


def make_shop(folder: Path) -> Project:
    """Train a champion, add three weeks of orders, and train a challenger that is no better.

    Raises:
        RuntimeError: A command fails.
    """
    project = copy_project(folder)
    (project.folder / "pipelines/sources/shop.toml").write_text(_SETTINGS)
    (project.folder / "models/churn.toml").write_text(_MODEL)
    (project.folder / "in").mkdir()
    orders = sorted(orders_of(random.Random(7)))
    last = FIRST_DAY + timedelta(_DAYS)
    write(project, "first", [o for o in orders if o[0] < last])
    prepare(project)
    must(project.script("churn", SOURCE))
    write(project, "second", [o for o in orders if o[0] >= last])
    prepare(project)
    challenged = project.script("churn", SOURCE)
    if challenged.code not in {0, 23}:
        raise RuntimeError(challenged.output)
    return project


def prepare(project: Project) -> None:
    """Run bronze, silver and gold."""
    for command in ("bronze", "silver", "gold"):
        must(project.script(command, SOURCE))


def must(done: Done) -> str:
    """Return the output of a command; RuntimeError if it failed."""
    if done.code:
        raise RuntimeError(done.output)
    return done.output


def write(
    project: Project, name: str, orders: list[tuple[date, str, str]], ids: str | None = None
) -> None:
    """Write a file of orders, whose ids begin with its name or with ``ids``."""
    with (project.folder / "in" / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "who", "day", "amount"])
        for number, (day, who, amount) in enumerate(orders):
            writer.writerow([f"{ids or name}{number}", who, f"{day} 12:00:00", amount])


def orders_of(chance: random.Random) -> list[tuple[date, str, str]]:
    """Return orders of customers who buy about as regularly as each of them does, until they stop.

    A formula that only knows rates can't tell a late customer from a slow one.
    """
    found = []
    for customer in range(_CUSTOMERS):
        gap = math.exp(chance.uniform(math.log(12), math.log(100)))
        day = chance.uniform(0, _DAYS * 0.6)
        end = min(day + chance.expovariate(1 / 500), _DAYS + _NEW_DAYS)
        while day < end:
            amount = f"{chance.uniform(5, 90):.2f}"
            found.append((FIRST_DAY + timedelta(int(day)), f"c{customer}", amount))
            day += max(1.0, chance.gauss(gap, gap * 0.3))
    return found


def restore(project: Project, base: Path) -> None:
    """Put the shop back into the state of a copy, at the same place: artifacts have full paths."""
    for name in STATE:
        if (base / name).is_dir():
            shutil.rmtree(project.folder / name)
        _copy(base / name, project.folder / name)


def keep(project: Project, base: Path) -> None:
    """Copy the state of the shop into a new folder."""
    base.mkdir()
    for name in STATE:
        _copy(project.folder / name, base / name)


def _copy(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target, symlinks=True)
    else:
        # Into the file that exists: open connections to the store keep the file that they opened.
        shutil.copyfile(path, target)
