"""Run a random sequence of steps, and compare its lake with a new one of the same files."""

import contextlib
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.errors import GoldrunError
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.erasure.secret import VARIABLE
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.snapshots import stored_dates, write_snapshots
from goldrun.jobs.context import Context
from goldrun.jobs.erase import erase
from goldrun.jobs.refine import silver
from goldrun.medallion.quarantine import ERASED
from tests.jobs.conftest import Shop, new_shop
from tests.profiles import without_profiles
from tests.sequences.steps import SILVER, STEPS, Story, with_settings

_FILES = 2
"""Number of files before the first step that is drawn; gold follows after them."""
_SHARE_OF_GOLD = 0.3
_ID = re.compile(r'(?<=")([0-9a-f]{32})(?=")')
_RUN_COLUMNS = (lineage.BATCH_ID, lineage.INGESTED_AT, lineage.RELEASED_AT)
TABLES = (
    *(TRANSACTIONS, lineage.history_table(TRANSACTIONS), CUSTOMERS),
    *(lineage.DUPLICATES, lineage.QUARANTINE, *feature_tables.ACTIVITY),
    *(CUSTOMER_FEATURES, USER_FEATURES),
)


@dataclass
class Outcome:
    """What a sequence did, and where its lake differs from one that is built from its files.

    Attributes:
        seed: Seed of the sequence.
        steps: The steps, each with its kind.
        differences: Table, and the number of rows that only one of both lakes has.
    """

    seed: int
    steps: list[tuple[str, str]] = field(default_factory=list)
    differences: dict[str, str] = field(default_factory=dict)

    def kinds(self) -> Counter[str]:
        """Number of steps by kind."""
        return Counter(kind for kind, _ in self.steps)


def run_sequence(engine: Engine, tracker: Tracker, folder: Path, seed: int, length: int) -> Outcome:
    """Run a sequence of random steps, with silver after each, and compare its lake.

    Gold follows after some of the steps, and at the end.
    """
    outcome, draw = Outcome(seed), random.Random(seed)
    # Gold sees the changes of one or of several steps at once.
    with_gold = random.Random(f"gold of {seed}")
    story = Story(with_settings(new_shop(engine, tracker, folder), 0, 0), draw)
    kinds, weights = [*STEPS], [weight for _, weight in STEPS.values()]
    drawn = (*["new file"] * _FILES, *draw.choices(kinds, weights, k=length))
    with tracker.run("sequence", "sequences"), without_profiles(), _secret():
        try:
            for number, kind in enumerate(drawn, 1):
                gold = number in {_FILES, len(drawn)} or with_gold.random() < _SHARE_OF_GOLD
                _take(outcome, story, kind, gold=gold)
            _compare(outcome, story.shop.ctx, _build(story))
        except GoldrunError as error:
            outcome.differences["stopped"] = str(error)
    return outcome


def _take(outcome: Outcome, story: Story, kind: str, *, gold: bool) -> None:
    """Take a step, and run silver, and gold if wanted, after it."""
    step = STEPS[kind][0]
    outcome.steps.append((kind, step(story)))
    story.shop = _run(story.shop, gold=gold)
    if story.has_new_settings:
        story.has_new_settings = False
        story.restorable_from = story.shop.ctx.lake.versions(SILVER)


def _run(shop: Shop, *, gold: bool) -> Shop:
    """Run all steps to silver or gold, as another process does an hour later."""
    lake = Lake(shop.ctx.lake.engine, shop.ctx.lake.root)
    shop = replace(shop, ctx=replace(shop.ctx, now=shop.ctx.now + timedelta(hours=1), lake=lake))
    shop.bronze()
    shop.silver()
    if gold:
        gold_tables.run(shop.ctx)
    return shop


def _build(story: Story) -> Context:
    """Build a lake from the same files, with the same erasures and the same dates of snapshots."""
    ctx = story.shop.ctx
    lake = Lake(ctx.lake.engine, f"{ctx.lake.root}-fresh")
    shop = replace(story.shop, ctx=replace(ctx, lake=lake))
    shop.bronze()
    shop.silver()
    for person in story.erased:
        erase.run(shop.ctx, person)
    if story.erased:
        shop.silver()
    gold_tables.run(shop.ctx)
    write_snapshots(shop.ctx, stored_dates(ctx))
    return shop.ctx


def _compare(outcome: Outcome, found: Context, fresh: Context) -> None:
    names = [_names_of_records(ctx) for ctx in (found, fresh)]
    for table in TABLES:
        one, other = (
            Counter(_rows(ctx.lake.read_or_empty(table), named))
            for ctx, named in zip((found, fresh), names, strict=True)
        )
        if one != other:
            extra, missing = one - other, other - one
            outcome.differences[table.name] = (
                f"{extra.total()} rows too many, {missing.total()} missing, such as "
                f"{next(iter(extra or missing))}"
            )
    if not all(account.closed for account in silver.accounts(found).values()):
        outcome.differences["accounting"] = "not closed"


def _names_of_records(ctx: Context) -> dict[str, str]:
    """The file and the place of each record by its id.

    An id is also made of the bytes of the file that had the record first, which are others where
    lines were appended to the file later.
    """
    bronze = ctx.lake.read(lineage.bronze_table("transactions").name)
    rows = bronze.select(lineage.RECORD_ID, lineage.FILE, lineage.OFFSET).collect()
    return {row[0]: f"{Path(row[1]).name}:{row[2]}" for row in rows}


def _rows(frame: DataFrame, names: dict[str, str]) -> list[str]:
    """Rows as JSON with named records, without the columns that differ from run to run."""
    if lineage.STATE in frame.columns:
        # Of an erased record, only its fate is left.
        hidden = F.col(lineage.STATE) == ERASED
        kept = [lineage.RECORD_ID, lineage.ENTITY, lineage.STATE]
        others = [name for name in frame.columns if name not in (*kept, *_RUN_COLUMNS)]
        columns = [F.when(~hidden, F.col(name)).alias(name) for name in others]
        frame = frame.select(*kept, *columns)
    kept = [name for name in frame.columns if name not in _RUN_COLUMNS]
    rows = frame.select(F.to_json(F.struct(*kept)).alias("row")).toPandas()["row"]
    return [_ID.sub(lambda found: names.get(found[1], found[1]), row) for row in rows]


@contextlib.contextmanager
def _secret() -> Iterator[None]:
    """Set the key that erased customers are hashed with."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(VARIABLE, "the key of these sequences, which is long enough")
        yield
