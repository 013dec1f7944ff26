"""A batch of arbitrary bytes completes: every record has one fate, valid rows are in silver."""

import bz2
import contextlib
import gzip
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.errors import SourceError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.sources.forms import inspect_file
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from tests.hostile_lines import CHUNKS, Record, as_csv, as_json, hostile

LINES = 600
"""Number of lines of a file in the long tests; every third is valid."""
FEW = 90
CUSTOMER = {
    "customer_id": "c",
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "phone": "+442079460000",
    "registration_date": "2024-01-01T00:00:00Z",
    "location": "London",
    "customer_segment": "new",
}
TRANSACTION = {
    "transaction_id": "t",
    "order_id": "o1",
    "customer_id": "good0",
    "product_id": "p1",
    "quantity": "2",
    "price": "3.50",
    "amount": "7.00",
    "currency": "EUR",
    "payment_method": "card",
    "transaction_date": "2024-05-01T10:00:00Z",
    "transaction_status": "completed",
    "updated_at": "2024-05-01T11:00:00Z",
}
SESSION = {
    "session_id": "s",
    "customer_id": "good0",
    "device_type": "tablet",
    "session_start": "2024-05-01T10:00:00Z",
    "session_end": "2024-05-01T10:05:00Z",
    "session_duration": "300",
}
EVENT = {
    "event_id": "e",
    "customer_id": "good0",
    "session_id": "good1",
    "product_id": "p1",
    "event_type": "click",
    "event_timestamp": "2024-05-01T10:01:00Z",
}
INTERACTION = {
    "interaction_id": "i",
    "customer_id": "good0",
    "interaction_date": "2024-05-02T10:00:00Z",
    "interaction_type": "email",
    "response_time": "60",
    "interaction_outcome": "resolved",
}
Records = Mapping[str, Record]
SALES: Records = {"customers": CUSTOMER, "transactions": TRANSACTION}
BEHAVIOUR: Records = {
    "customers": CUSTOMER,
    "transactions": TRANSACTION,
    "sessions": SESSION,
    "events": EVENT,
    "interactions": INTERACTION,
}
CONTENT: Mapping[str, Mapping[str, object]] = {
    "customers": {"name": "Ada Lovelace", "email": "ada@example.com", "location": "London"},
    "transactions": {
        "customer_id": "good0",
        "quantity": 2,
        "amount": Decimal("7.0000"),
        "order_id": "o1",
    },
    "sessions": {"customer_id": "good0", "device_type": "tablet", "session_duration": 300},
    "events": {"customer_id": "good0", "session_id": "good1", "event_type": "click"},
    "interactions": {
        "customer_id": "good0",
        "interaction_type": "email",
        "response_time": 60,
        "interaction_outcome": "resolved",
    },
}
"""Content of every valid row in silver."""


def mixed_file(dice: random.Random, record: Record, file_format: str, count: int) -> bytes:
    """Return a file with hostile lines between valid ones."""
    key = next(iter(record))
    line = as_csv if file_format == "csv" else as_json
    lines = [as_csv({name: name for name in record})] if file_format == "csv" else []
    for number in range(count // 3):
        lines.append(line(record | {key: f"valid{number}"}))
        lines += [hostile(dice, line, record | {key: f"hostile{number}"}) for _ in range(2)]
    return b"\n".join(lines)


def shop(
    engine: Engine, tracker: Tracker, folder: Path, entities: Records, formats: Sequence[str]
) -> Context:
    sections = ['timezone = "UTC"\ncurrency = "EUR"\nphone_region = "GB"']
    for (entity, record), file_format in zip(entities.items(), formats, strict=True):
        columns = "\n".join(f'{name} = "{name}"' for name in record)
        place = f'path = "{folder}/{entity}.*"\nformat = "{file_format}"'
        sections.append(f"[{entity}]\n{place}\n[{entity}.columns]\n{columns}")
    toml = folder / "shop.toml"
    toml.write_text("\n".join(sections))
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Context(Lake(engine, str(folder / "lake")), tracker, load_source(str(toml)), now)


def run_to_silver(
    engine: Engine,
    tracker: Tracker,
    folder: Path,
    seed: int,
    entities: Records,
    formats: Sequence[str],
    count: int = LINES,
) -> Lake:
    """Run bronze and silver on hostile lines between valid ones; check the accounting."""
    dice = random.Random(seed)
    for (entity, record), file_format in zip(entities.items(), formats, strict=True):
        (folder / f"{entity}.{file_format}").write_bytes(
            mixed_file(dice, record, file_format, count)
        )
    ctx = shop(engine, tracker, folder, entities, formats)
    bronze.run(ctx)
    silver.run(ctx)
    for account in silver.accounts(ctx).values():
        assert account.closed
        assert account.records > count / 2
    return ctx.lake


def entities_with_losses(lake: Lake, entities: Records, count: int = LINES) -> list[str]:
    """Return the entities with a valid row that is missing or changed in silver."""
    found = []
    for entity, record in entities.items():
        key = next(iter(record))
        rows = lake.read(f"silver/{entity}").where(f"{key} like 'valid%'").collect()
        complete = {row[key] for row in rows} >= {f"valid{n}" for n in range(count // 3)}
        contents = {tuple(row[name] for name in CONTENT[entity]) for row in rows}
        if not complete or contents != {tuple(CONTENT[entity].values())}:
            found.append(entity)
    return found


WITHOUT_SHRINKING = settings(
    deadline=None,
    derandomize=True,
    # A file of so many lines is readable: shrinking it takes minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("file_format", ["csv", "json"])
def test_a_few_lines_of_arbitrary_bytes_are_processed(
    engine: Engine, tracker: Tracker, tmp_path: Path, file_format: str
) -> None:
    one = {"transactions": TRANSACTION}
    lake = run_to_silver(engine, tracker, tmp_path, 20260102, one, [file_format], FEW)
    assert entities_with_losses(lake, one, FEW) == []


@pytest.mark.slow
@pytest.mark.parametrize("entities", [SALES, BEHAVIOUR], ids=["sales", "behaviour"])
@pytest.mark.parametrize(
    "order", [("csv", "json"), ("json", "csv")], ids=["csv-first", "json-first"]
)
@settings(WITHOUT_SHRINKING, derandomize=False, max_examples=10)
@given(seed=SEEDS)
def test_arbitrary_bytes_are_processed(
    engine: Engine,
    tracker: Tracker,
    tmp_path_factory: pytest.TempPathFactory,
    entities: Records,
    order: tuple[str, str],
    seed: int,
) -> None:
    formats = (order * 3)[: len(entities)]
    folder = tmp_path_factory.mktemp("any")
    lake = run_to_silver(engine, tracker, folder, seed, entities, formats)
    assert entities_with_losses(lake, entities) == []


PIECES = st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(CHUNKS)), max_size=12)


@settings(WITHOUT_SHRINKING, max_examples=300)
@example(content=gzip.compress(b'{"a":1}\n')[:-4])
@example(content=bz2.compress(b"a,b\n")[:-4])
@example(content=gzip.compress(b"\xff\0") + b"rubbish")
@given(content=PIECES.map(b"".join))
def test_any_file_is_read_or_refused_by_name(tmp_path: Path, content: bytes) -> None:
    for name, packed in (
        ("x.csv", content),
        ("x.csv.gz", content),
        ("x.csv.bz2", content),
        ("y.csv.gz", gzip.compress(content, mtime=0)),
    ):
        file = tmp_path / name
        file.write_bytes(packed)
        with contextlib.suppress(SourceError):
            assert inspect_file(file, EntityMapping(path="x"))[0].columns
        with contextlib.suppress(SourceError):
            assert inspect_file(file, EntityMapping(path="x", format="json"))
