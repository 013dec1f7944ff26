"""Break a shop, run commands on it, and say what they did wrong."""

import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from goldrun.io.lake import Lake
from tests.fuzz.breaks import Break
from tests.fuzz.command import UNKNOWN, Ended, exit_codes, run_command
from tests.fuzz.shop import TOML, Shop, some_orders, totals, write_csv
from tests.project_copy import ROOT

_STACK = re.compile(r"Traceback|^\s*\d+: <unknown>|^\s+at \w+\.|File \"", re.MULTILINE)
_PLACE = re.compile(
    r"shop|\.toml|\.csv|lake|gold/|silver/|bronze/|ops/|--|rates|as_of|labels|segmentation|churn|engine"
    r"|source|MLflow",
    re.IGNORECASE,
)
_REMEDIES = (
    *("run", "give", "write", "check", "remove", "replace", "rename", "use", "set", "load", "add"),
    *("restore", "correct", "make", "known", "did you mean", "lacks", "must", "needs?", "should"),
    *(
        "is not",
        "is none",
        "there are",
        "choose",
        "train",
        "delete",
        "convert",
        "at least",
        "input",
    ),
    *("can't be computed", "neither", "is missing", "it has", "does not exist", "less than"),
    *("greater than", "is its first line", "is no"),
)
"""Words of which a message has one that says what to do, or what would have been right."""
_REMEDY = re.compile(rf"\b(?:{'|'.join(_REMEDIES)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """A sound shop whose lake is written up to gold; copied for each break of a lake."""

    folder: Path


def sound_shop(folder: Path) -> Shop:
    """Make a shop of two files in which nothing is wrong."""
    shop = Shop(folder)
    shop.inbox.mkdir(parents=True)
    rows = some_orders(random.Random(7))
    write_csv(shop.inbox / "day1.csv", rows[:150])
    write_csv(shop.file, rows[150:])
    shop.toml.write_text(TOML)
    shutil.copytree(ROOT / "models", folder / "models")
    return shop


def template(spark: SparkSession, folder: Path) -> Template:
    """Make a sound shop and run it to gold."""
    shop = sound_shop(folder)
    for command in ("bronze", "silver", "gold", "quality"):
        ended = run_command(spark, shop.folder, command, _given(()))
        assert ended.code == 0, ended.said
    return Template(folder)


def _given(more: object) -> list[str]:
    given = [str(each) for each in more] if isinstance(more, (list, tuple)) else []
    names = {each.split("=")[0] for each in given}
    standing = ["--source=shop.toml", "--lake=lake"]
    return [each for each in standing if each.split("=")[0] not in names] + given


def wrong_of(
    spark: SparkSession, whole: Template, broken: Break, folder: Path, seed: int
) -> tuple[list[str], list[Ended]]:
    """Break a shop, run its commands until one fails, and list what is not as promised."""
    draw = random.Random(seed)
    if broken.with_lake:
        shutil.copytree(whole.folder, folder)
        shop = Shop(folder)
    else:
        shop = sound_shop(folder)
    given = _given(broken.apply(shop, draw))
    ended: list[Ended] = []
    for command in broken.commands:
        ended.append(run_command(spark, folder, command, given))
        if ended[-1].code:
            break
    wrong = [f"{one.command}: {each}" for one in ended for each in _wrong_end(one)]
    if not wrong and ended[-1].code == 0:
        wrong += _wrong_tables(spark, shop, broken)
    return wrong, ended


def _wrong_end(ended: Ended) -> list[str]:
    if ended.code == 0 or ended.said.startswith("usage:"):
        return []
    wrong = []
    if UNKNOWN in ended.said:
        wrong.append("an error that goldrun does not know")
    if _STACK.search(ended.said):
        wrong.append("a stack on the console")
    if ended.code not in exit_codes():
        wrong.append(f"exit code {ended.code}")
    if not _PLACE.search(ended.error):
        wrong.append("no place is named")
    if not _REMEDY.search(ended.error):
        wrong.append("no remedy is named")
    return wrong


def _wrong_tables(spark: SparkSession, shop: Shop, broken: Break) -> list[str]:
    """Compare gold with what Python computes of the files."""
    lake = Lake(spark, str(shop.lake))
    if not lake.exists("gold/user_features") or not shop.inbox.is_dir():
        return []
    name = broken.name
    if not name.startswith(("file:", "lake:", "shop:", "options:")):
        return []
    expected = totals(shop.inbox)
    rows = lake.read("gold/user_features").collect()
    found = {row["user_id"]: (row["purchase_frequency"], row["total_spend"]) for row in rows}
    return [
        f"{who}: {found.get(who)} and not {expected.get(who)}"
        for who in sorted({*found, *expected})
        if found.get(who) != expected.get(who)
    ][:3]
