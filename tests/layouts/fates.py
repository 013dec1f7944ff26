"""The tables of a lake in plain Python: the outcomes of all files, and the versions of each key."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from goldrun.contracts.entities import TRANSACTIONS
from tests.layouts.files import File
from tests.layouts.oracle import outcomes
from tests.layouts.shop import UPDATED, Shop

Content = tuple[Any, ...]
"""Values of the columns of a transaction."""


@dataclass(frozen=True)
class Tables:
    """What a lake has of a shop's transactions.

    Attributes:
        silver: Newest version of each key.
        history: Older versions.
        duplicates: Number of repeats.
        quarantine: Rejected records by name of their file and their reasons.
        customers: The customers.
    """

    silver: Counter[Content]
    history: Counter[Content]
    duplicates: int
    quarantine: Counter[tuple[str, ...]]
    customers: set[str]

    def differences(self, expected: "Tables") -> list[str]:
        """Return the differences from the expected tables, one line each."""
        found = []
        for name in ("silver", "history", "quarantine"):
            mine, other = getattr(self, name), getattr(expected, name)
            found += [f"{name}: {row} x {n} too many" for row, n in (mine - other).items()]
            found += [f"{name}: {row} x {n} is missing" for row, n in (other - mine).items()]
        for name in ("duplicates", "customers"):
            mine, other = getattr(self, name), getattr(expected, name)
            found += [f"{name}: {mine} instead of {other}"] if mine != other else []
        return found


@dataclass(frozen=True)
class _Row:
    """An accepted record, its place and its order among the versions of its key."""

    run: int
    file: str
    offset: int
    content: Content
    since: Any

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.since, self.run, self.file, self.offset)


def expected_tables(shop: Shop, runs: Sequence[Sequence[File]], ingested_at: datetime) -> Tables:
    """Compute the tables of all files, which are ingested in several runs."""
    quarantine: Counter[tuple[str, ...]] = Counter()
    by_key: defaultdict[str, list[_Row]] = defaultdict(list)
    for run, files in enumerate(_without_copies(runs)):
        for file in files:
            for offset, one in enumerate(outcomes(shop, file, ingested_at)):
                if one.reasons:
                    quarantine[file.path.name, *sorted(one.reasons)] += 1
                    continue
                content = tuple(one.values.get(name) for name in TRANSACTIONS.names)
                since = one.values["updated_at"] if UPDATED in shop.names else None
                place = (run, str(file.path), offset)
                by_key[one.values["transaction_id"]].append(_Row(*place, content, since or run))
    silver: Counter[Content] = Counter()
    history: Counter[Content] = Counter()
    duplicates = 0
    for rows in by_key.values():
        kept, refused = _without_contradictions(rows)
        quarantine.update((Path(row.file).name, "key_not_unique") for row in refused)
        kept.sort(key=lambda row: row.order)
        versions = [content for content, _ in groupby(kept, lambda row: row.content)]
        duplicates += len(kept) - len(versions)
        silver.update(versions[-1:])
        history.update(versions[:-1])
    buyer = TRANSACTIONS.names.index("customer_id")
    customers = {row[buyer] for row in silver}
    return Tables(silver, history, duplicates, quarantine, customers)


def _without_copies(runs: Sequence[Sequence[File]]) -> Iterator[list[File]]:
    """Leave out the files whose bytes an earlier one has: they are read once."""
    seen: set[bytes] = set()
    for files in runs:
        new = []
        for file in sorted(files, key=lambda file: file.path):
            if (content := file.path.read_bytes()) not in seen:
                new.append(file)
                seen.add(content)
        yield new


def _without_contradictions(rows: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """Split off the files that have several contents of a key without an order."""
    contents: defaultdict[tuple[int, str, Any], set[Content]] = defaultdict(set)
    for row in rows:
        contents[row.run, row.file, row.since].add(row.content)
    bad = {(run, file) for (run, file, _), some in contents.items() if len(some) > 1}
    kept = [row for row in rows if (row.run, row.file) not in bad]
    return kept, [row for row in rows if (row.run, row.file) in bad]


def tables_of(lake: Path) -> Tables:
    """Read the tables of a lake by delta-rs."""
    quarantine = Counter(
        (Path(row["file"].rpartition(":")[0] or row["file"]).name, *sorted(row["reasons"]))
        for row in _rows(lake / "silver/quarantine")
    )
    return Tables(
        silver=Counter(map(_content, _rows(lake / "silver/transactions"))),
        history=Counter(map(_content, _rows(lake / "silver/transactions_history"))),
        duplicates=len([*_rows(lake / "silver/duplicates")]),
        quarantine=quarantine,
        customers={row["customer_id"] for row in _rows(lake / "silver/customers")},
    )


def _rows(table: Path) -> Iterator[dict[str, Any]]:
    if (table / "_delta_log").exists():
        yield from DeltaTable(str(table)).to_pyarrow_table().to_pylist()


def _content(row: dict[str, Any]) -> Content:
    return tuple(row[name] for name in TRANSACTIONS.names)
