"""Break a shop, run commands on it, and list how they break their promises."""

import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from tests.fuzz.breaks import Break
from tests.fuzz.command import UNKNOWN, Ended, exit_codes, run_command
from tests.fuzz.shop import TOML, Shop, some_orders, totals, write_csv
from tests.project_copy import ROOT

_STACK = re.compile(r"Traceback|^\s*\d+: <unknown>|^\s+at \w+\.|File \"", re.MULTILINE)
_PLACE = re.compile(
    r"\w\.(?:toml|csv|json|gz|bz2|parquet|db)\b|\b(?:gold|silver|bronze|ops)/|--\w|\[\w+|/\w+/"
    r"|the TOML|'s TOML|source '|\bas_of\b|engine '|sqlite:|MLflow|churn|segmentation|GOLDRUN_\w+",
    re.IGNORECASE,
)
"""A file, a table, an option, a section of a TOML file, a folder, a store or a model."""
_VERBS = (
    *(
        "run",
        "give",
        "write",
        "check",
        "remove",
        "replace",
        "rename",
        "use",
        "set",
        "unset",
        "load",
    ),
    *(
        "add",
        "restore",
        "correct",
        "make",
        "choose",
        "train",
        "delete",
        "convert",
        "map",
        "move",
    ),
    *("build", "wait", "end", "start", "raise", "install", "take", "say", "name", "list", "read"),
    *(
        "shorten",
        "free",
        "unpack",
        "save",
        "export",
        "put",
        "leave",
        "round",
        "keep",
        "try",
        "mend",
    ),
    *("did you mean", "allowed are", "is missing; add", "it must be", "must be"),
)
_IMPERATIVE = rf"(?:^|[:;,.(] |\b(?:or|and|then|so) )(?:{'|'.join(_VERBS)})\b"
_REMEDY = re.compile(rf"{_IMPERATIVE}|\bmust be\b", re.IGNORECASE | re.MULTILINE)
"""A clause that begins with a remedy, or states the requirement."""


@dataclass(frozen=True)
class Template:
    """A valid shop with a lake up to gold; copied for each fault of a lake."""

    folder: Path


def valid_shop(folder: Path) -> Shop:
    """Create a valid shop with two files."""
    shop = Shop(folder)
    shop.inbox.mkdir(parents=True)
    rows = some_orders(random.Random(7))
    write_csv(shop.inbox / "day1.csv", rows[:150])
    write_csv(shop.file, rows[150:])
    shop.toml.write_text(TOML)
    shutil.copytree(ROOT / "models", folder / "models")
    return shop


def template(engine: Engine, folder: Path) -> Template:
    """Create a valid shop and compute its lake up to gold."""
    shop = valid_shop(folder)
    for command in ("bronze", "silver", "gold", "quality"):
        ended = run_command(engine, shop.folder, command, _given(()))
        assert ended.code == 0, ended.output
    return Template(folder)


def _given(more: object) -> list[str]:
    given = [str(each) for each in more] if isinstance(more, (list, tuple)) else []
    names = {each.split("=")[0] for each in given}
    standing = ["--source=shop.toml", "--lake=lake"]
    return [each for each in standing if each.split("=")[0] not in names] + given


def wrong_of(
    engine: Engine, whole: Template, broken: Break, folder: Path, seed: int
) -> tuple[list[str], list[Ended]]:
    """Break a shop, run its commands until one fails, and list broken promises."""
    draw = random.Random(seed)
    if broken.with_lake:
        shutil.copytree(whole.folder, folder)
        shop = Shop(folder)
    else:
        shop = valid_shop(folder)
    given = _given(broken.apply(shop, draw))
    ended: list[Ended] = []
    for command in broken.commands:
        ended.append(run_command(engine, folder, command, given))
        if ended[-1].code:
            break
    wrong = [f"{one.command}: {each}" for one in ended for each in _wrong_end(one)]
    if not wrong and ended[-1].code == 0:
        wrong += _wrong_tables(engine, shop, broken)
    return wrong, ended


def _wrong_end(ended: Ended) -> list[str]:
    if ended.code == 0 or ended.output.startswith("usage:"):
        return []
    wrong = []
    if UNKNOWN in ended.output:
        wrong.append("an error that goldrun does not know")
    if _STACK.search(ended.output):
        wrong.append("a stack on the console")
    if ended.code not in exit_codes():
        wrong.append(f"exit code {ended.code}")
    if not _PLACE.search(ended.error):
        wrong.append("no place is named")
    if not _REMEDY.search(ended.error):
        wrong.append("no remedy is named")
    return wrong


def _wrong_tables(engine: Engine, shop: Shop, broken: Break) -> list[str]:
    """Compare gold with a computation in Python from the files."""
    lake = Lake(engine, str(shop.lake))
    if not lake.exists("gold/user_features") or not shop.inbox.is_dir():
        return []
    name = broken.name
    if not name.startswith(("file:", "lake:", "shop:", "options:")):
        return []
    expected = totals(shop.inbox)
    rows = lake.read("gold/user_features").collect()
    found = {row["user_id"]: (row["purchase_frequency"], row["total_spend"]) for row in rows}
    return [
        f"{who}: {found.get(who)} instead of {expected.get(who)}"
        for who in sorted({*found, *expected})
        if found.get(who) != expected.get(who)
    ][:3]
