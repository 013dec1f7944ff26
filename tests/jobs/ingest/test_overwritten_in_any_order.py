"""Whatever contents a file has one after the other, silver is what plain Python makes of them."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from goldrun.jobs.ingest import reread
from goldrun.jobs.refine import silver
from tests.jobs.conftest import Shop
from tests.jobs.old_files import age

Row = tuple[str, int]
"""Key and amount of a transaction."""
Line = Callable[..., str]
FILES = ("a.csv", "b.csv")
QUICK = (12, 4)
"""A seed and a number of contents: a row is corrected before silver has read it."""


def next_content(draw: random.Random, rows: Sequence[Row], number: int) -> list[Row]:
    """Return another content of a file: longer, shorter, corrected or in another order."""
    fresh = [(f"t{number}-{n}", draw.randrange(1, 90)) for n in range(draw.randrange(1, 3))]
    place = draw.randrange(len(rows)) if rows else 0
    changes: list[Callable[[], list[Row]]] = [
        lambda: [*rows, *fresh],
        lambda: [*rows, *fresh],
        lambda: [*fresh, *rows],
        lambda: list(rows[:place]),
        lambda: [*rows[:place], *rows[place + 1 :], *fresh],
        lambda: [(key, amount + (n == place)) for n, (key, amount) in enumerate(rows)],
    ]
    return draw.choice(changes)() or fresh


def drawn(seed: int, number_of_contents: int) -> Iterator[tuple[str, list[Row], bool]]:
    """Draw contents, each with the name of its file and whether silver runs after it."""
    draw = random.Random(seed)
    contents: dict[str, list[Row]] = {name: [] for name in FILES}
    for number in range(number_of_contents):
        name = draw.choice(FILES)
        contents[name] = next_content(draw, contents[name], number)
        yield name, contents[name], draw.random() < 0.5


def read(state: dict[str, int], before: Sequence[Row], now: Sequence[Row]) -> None:
    """Read a content: rows that were appended, or all of them; the last one of a key counts."""
    known = len(before) if list(now[: len(before)]) == list(before) else 0
    if list(before[: len(now)]) != list(now):
        state.update(now[known:])


def amounts(shop: Shop) -> dict[str, int]:
    rows = shop.ctx.lake.read("silver/transactions").collect()
    return {row["transaction_id"]: int(row["amount"]) for row in rows}


def without_updates(shop: Shop) -> Shop:
    """The shop whose rows are ordered by their ingestion alone."""
    mapping = shop.ctx.source.entities["transactions"]
    columns = {name: sql for name, sql in mapping.columns.items() if name != "updated_at"}
    entities = {"transactions": mapping.model_copy(update={"columns": columns})}
    source = shop.ctx.source.model_copy(update={"entities": entities})
    return replace(shop, ctx=replace(shop.ctx, source=source))


@pytest.mark.parametrize(
    ("seed", "number_of_contents"),
    [QUICK, *(pytest.param(seed, 7, marks=pytest.mark.slow) for seed in range(9))],
)
def test_the_newest_content_counts(
    shop: Shop, line: Line, seed: int, number_of_contents: int
) -> None:
    shop = without_updates(shop)
    state: dict[str, int] = {}
    # Bronze has a content as long as it has the file's newest rows: one that was cut adds none.
    stored: dict[str, list[Row]] = {name: [] for name in FILES}
    for name, content, silver_runs in drawn(seed, number_of_contents):
        shop = shop.later()
        lines = [line(key, "completed", 1, amount=str(n)) for key, n in content]
        shop.add_file(name, *lines)
        shop.bronze()
        read(state, stored[name], content)
        if stored[name][: len(content)] != content:
            stored[name] = content
        if silver_runs:
            shop.silver()
    shop.silver()
    assert amounts(shop) == state
    assert silver.accounts(shop.ctx)["transactions"].closed
    again = shop.later()
    silver.run(again.ctx, remap=True)
    assert amounts(again.later()) == state
    for file in shop.folder.iterdir():
        age(file)
    reread.run(again.ctx)
    again.silver()
    assert amounts(again.later()) == state


def test_the_quick_draw_corrects_a_row_before_silver_has_read_it() -> None:
    pending: defaultdict[str, set[int]] = defaultdict(set)
    corrected: set[str] = set()
    for _, content, silver_runs in drawn(*QUICK):
        for key, amount in content:
            pending[key].add(amount)
        corrected |= {key for key, amounts in pending.items() if len(amounts) > 1}
        if silver_runs:
            pending.clear()
    assert corrected
