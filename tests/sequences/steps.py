"""What happens to a shop between two runs: one function a kind of step."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.settings import load_source
from goldrun.jobs.erase import erase
from goldrun.jobs.ingest import reread as reread_files
from goldrun.jobs.refine import silver
from tests import foreign
from tests.jobs.conftest import HEADER, SETTINGS, Shop

FIRST = datetime(2024, 5, 1, 10, tzinfo=UTC)
CUSTOMERS_OF_SHOP = 6
MAPPINGS = ("Amount", "if(Amount = 'free', '0', Amount)")
"""Two mappings of the amount: the second accepts what the first rejects."""
ENCODINGS = ("UTF-8", "ISO-8859-1")
"""Two encodings of the files: products have other names in the second."""
SILVER = (
    *(TRANSACTIONS.name, lineage.history_table(TRANSACTIONS).name, CUSTOMERS.name),
    *(lineage.DUPLICATES.name, lineage.QUARANTINE.name),
)
GOLD = (*(t.name for t in feature_tables.ACTIVITY), CUSTOMER_FEATURES.name, USER_FEATURES.name)


@dataclass
class Line:
    """A line of a file: one transaction as it is at some time."""

    key: str
    who: str
    amount: str
    day: int
    status: str
    updated: int

    def text(self) -> str:
        """The line, with the columns of the shop's files."""
        bought = FIRST + timedelta(days=self.day)
        updated = bought + timedelta(hours=self.updated)
        return (
            f"{self.key},{self.who},1,5,{self.amount},{bought:%Y-%m-%d %H:%M:%S},{self.status},"
            f"{updated:%Y-%m-%d %H:%M:%S},th\u00e9 {self.day % 3}"
        )


@dataclass
class Story:
    """A shop, and what has happened to it.

    Attributes:
        shop: Its files and its lake.
        draw: Source of chance.
        lines: The newest line of each transaction.
        mapping: Number of the mapping in ``MAPPINGS``.
        encoding: Number of the encoding in ``ENCODINGS``.
        has_new_settings: Whether the last step has changed one of both.
        erased: Ids of erased customers.
        files: Number of files.
        overwritten: Number of times that a file was overwritten.
        restorable_from: Version of silver's tables under the last settings: a run does not notice
            that a restored table has values of older ones.
    """

    shop: Shop
    draw: random.Random
    lines: dict[str, Line] = field(default_factory=dict)
    mapping: int = 0
    encoding: int = 0
    has_new_settings: bool = False
    erased: list[str] = field(default_factory=list)
    files: int = 0
    overwritten: int = 0
    restorable_from: dict[str, int] = field(default_factory=dict)

    def add_file(self, lines: list[Line]) -> None:
        """Write a file, and remember its lines."""
        texts = [line.text() for line in lines]
        self.shop.add_file(f"file{self.files:03}.csv", *texts, header=f"{HEADER},Product")
        self.files += 1
        self.lines |= {line.key: line for line in lines}

    def append_to_file(self, lines: list[Line]) -> str:
        """Overwrite a file with its lines and more, and remember these."""
        name = f"file{self.draw.randrange(self.files):03}.csv"
        file = self.shop.folder / name
        added = "".join(f"{line.text()}\n" for line in lines)
        file.write_text(file.read_text() + added)
        self.lines |= {line.key: line for line in lines}
        self.overwritten += 1
        return name


Step = Callable[[Story], str]
"""Does something to a story, and returns what, in a few words."""


def new_file(story: Story) -> str:
    """Add a file of new transactions, of which the first is valid, and any may be late."""
    lines = [_new_line(story, n) for n in range(story.draw.randrange(1, 5))]
    repeated = [story.draw.choice([*story.lines.values()])] if story.lines else []
    story.add_file(lines + (repeated if story.draw.random() < 0.3 else []))
    return f"{len(lines)} new lines"


def _new_line(story: Story, number: int) -> Line:
    draw = story.draw
    return Line(
        key=f"t{story.files}-{number}",
        who=f"c{draw.randrange(CUSTOMERS_OF_SHOP)}",
        amount="free" if number and draw.random() < 0.25 else str(draw.randrange(1, 90)),
        day=max(0, 3 * story.files + draw.randrange(-5, 3)),
        status=draw.choice(("completed", "completed", "cancelled")) if number else "completed",
        updated=0,
    )


def correction(story: Story) -> str:
    """Add a file in which a transaction has another amount, customer or day."""
    line = _known(story)
    changes = (
        {"amount": str(story.draw.randrange(1, 90))},
        {"who": f"c{story.draw.randrange(CUSTOMERS_OF_SHOP)}"},
        {"day": max(0, line.day + story.draw.randrange(-4, 4))},
    )
    changed = replace(line, updated=line.updated + 200, **story.draw.choice(changes))
    story.add_file([changed])
    return f"{line.key} is corrected"


def overwritten_file(story: Story) -> str:
    """Overwrite a file with its lines and new ones, corrections and refunds behind them."""
    known = _known(story)
    later = replace(known, updated=known.updated + 200)
    amount = str(story.draw.randrange(1, 90))
    changed = story.draw.choice((replace(later, amount=amount), replace(later, status="refunded")))
    new = replace(_new_line(story, 0), key=f"o{story.overwritten}")
    lines = story.draw.choice(([new], [changed], [new, changed]))
    return f"{len(lines)} lines are appended to {story.append_to_file(lines)}"


def refund(story: Story) -> str:
    """Add a file in which a transaction is refunded."""
    line = _known(story)
    story.add_file([replace(line, status="refunded", updated=line.updated + 200)])
    return f"{line.key} is refunded"


def _known(story: Story) -> Line:
    return story.draw.choice([*story.lines.values()])


def restore(story: Story) -> str:
    """Restore a table of silver or gold to an older version, by hand."""
    lake, table = story.shop.ctx.lake, story.draw.choice((*SILVER, *GOLD))
    if not lake.exists(table):
        return f"{table} does not exist"
    first, newest = story.restorable_from.get(table, 1), lake.version(table)
    version = story.draw.randint(min(first, newest), newest)
    try:
        foreign.restore(lake, table, version)
    except DeltaError:
        # A vacuum or an erasure has removed its files.
        return f"{table} has no version {version} any more"
    return f"{table} is restored to {version} of {newest}"


def compaction(story: Story) -> str:
    """Compact a table by hand."""
    lake, table = story.shop.ctx.lake, story.draw.choice((*SILVER, *GOLD))
    if lake.exists(table):
        DeltaTable(lake.path(table)).optimize.compact()
    return table


def vacuum(story: Story) -> str:
    """Compact a table by hand, and remove all files of its older versions."""
    lake, table = story.shop.ctx.lake, story.draw.choice((*SILVER, *GOLD))
    if lake.exists(table):
        foreign.compact_and_vacuum(lake, table)
    return table


def erasure(story: Story) -> str:
    """Erase a person."""
    left = {line.who for line in story.lines.values()} - {*story.erased}
    if len(left) < 2:
        return "too few customers"
    person = story.draw.choice(sorted(left))
    story.erased.append(person)
    erase.run(story.shop.ctx, person)
    return "a person is erased"


def remap(story: Story) -> str:
    """Change the mapping, and validate all records again."""
    story.mapping, story.has_new_settings = 1 - story.mapping, True
    story.shop = with_settings(story.shop, story.mapping, story.encoding)
    silver.run(story.shop.ctx, remap=True)
    return f"amount is {MAPPINGS[story.mapping]}"


def reread(story: Story) -> str:
    """Change the encoding of the files, and read all of them again."""
    story.encoding, story.has_new_settings = 1 - story.encoding, True
    story.shop = with_settings(story.shop, story.mapping, story.encoding)
    reread_files.run(story.shop.ctx)
    return f"encoding is {ENCODINGS[story.encoding]}"


def with_settings(shop: Shop, mapping: int, encoding: int) -> Shop:
    """The shop with one of the mappings and one of the encodings."""
    settings = shop.folder.parent / "shop.toml"
    text = SETTINGS.format(folder=shop.folder)
    text = text.replace('amount = "Amount"', f'amount = "{MAPPINGS[mapping]}"')
    lines = f'encoding = "{ENCODINGS[encoding]}"\n[transactions.columns]\nproduct_id = "Product"'
    settings.write_text(text.replace("[transactions.columns]", lines))
    return replace(shop, ctx=replace(shop.ctx, source=load_source(str(settings))))


STEPS: dict[str, tuple[Step, int]] = {
    "new file": (new_file, 5),
    "correction": (correction, 3),
    "overwritten file": (overwritten_file, 3),
    "refund": (refund, 3),
    "restore": (restore, 5),
    "compaction": (compaction, 1),
    "vacuum": (vacuum, 2),
    "erasure": (erasure, 1),
    "remap": (remap, 1),
    "reread": (reread, 1),
}
"""Each kind of step, and how often it is drawn beside the others."""
