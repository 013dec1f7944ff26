"""A batch and a stream wait for a file that is still being written."""

import itertools
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from goldrun.errors import SourceError
from goldrun.jobs.ingest import bronze
from goldrun.jobs.ingest.unfinished_files import QUIET_SECONDS, wait_until_written
from tests.jobs.old_files import age

Line = Callable[..., str]
Shop = Any


class Time:
    """A clock that advances by a tenth of a second per call."""

    def __init__(self, start: float) -> None:
        self._ticks = itertools.count()
        self._start = start

    def __call__(self) -> float:
        return self._start + next(self._ticks) / 10


def waits_for(file: Path, starts_after: float) -> float:
    """Seconds of waiting for a file, if the wait starts so long after its last change."""
    pauses: list[float] = []
    start = file.stat().st_mtime + starts_after
    assert wait_until_written([file], sleep=pauses.append, clock=Time(start)) == []
    return len(pauses) / 10


def test_a_batch_waits_until_a_file_stops_changing(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x")
    assert waits_for(file, QUIET_SECONDS + 1) == 0
    assert waits_for(file, 0.5) == pytest.approx(QUIET_SECONDS - 0.5, abs=0.21)
    # The file's clock is ahead: only changes count.
    assert waits_for(file, -1000) == pytest.approx(QUIET_SECONDS, abs=0.31)


def test_the_wait_restarts_when_a_file_changes_and_skips_a_deleted_file(tmp_path: Path) -> None:
    file, pauses = tmp_path / "a.csv", 0

    def grow(_: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 15:
            file.write_text("more")
            os.utime(file, (start + 1000, start + 1000))

    file.write_text("x")
    start = file.stat().st_mtime
    os.utime(file, (start + 900, start + 900))
    assert wait_until_written([file, tmp_path / "absent"], sleep=grow, clock=Time(start)) == []
    assert pauses == pytest.approx(15 + 10 * QUIET_SECONDS, abs=2)


def test_the_wait_ends_when_the_stream_ends(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x")
    clock = Time(file.stat().st_mtime)
    assert wait_until_written([file], lambda: True, sleep=lambda _: None, clock=clock) == [file]


def test_the_wait_ends_at_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"

    def grow(_: float) -> None:
        with file.open("a") as text:
            text.write("x")

    grow(0)
    began = file.stat().st_mtime
    assert wait_until_written([file], patience=60, sleep=grow, clock=Time(began - 1000)) == [file]


def run(shop: Shop, monkeypatch: pytest.MonkeyPatch, pause: Callable[[float], None]) -> None:
    """Run bronze and silver with a simulated clock that starts now."""
    wait = partial(wait_until_written, sleep=pause, clock=Time(time.time()))
    monkeypatch.setattr(bronze, "wait_until_written", wait)
    shop.ctx = replace(shop.ctx, now=shop.ctx.now + timedelta(days=1))
    bronze.run(shop.ctx)
    shop.silver()


def never(_: float) -> None:
    pytest.fail("the batch waited for a complete file")


def amounts(shop: Shop) -> dict[str, str]:
    rows = shop.ctx.lake.read("silver/transactions")
    found = rows.selectExpr("transaction_id", "cast(amount as string)").collect()
    return {row[0]: row[1] for row in found}


def test_a_batch_reads_a_file_when_it_is_complete(
    shop: Shop, line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = shop.add_file("a.csv", "t1,c1,1,5,1")
    whole = f"{file.read_text().splitlines()[0]}\n{line('t1', 'completed', 0, amount='100')}\n"
    pauses = itertools.count()

    def complete(_: float) -> None:
        if next(pauses) == 15:
            file.write_text(whole)

    with caplog.at_level(logging.INFO):
        run(shop, monkeypatch, complete)
    assert amounts(shop) == {"t1": "100.0000"}
    assert f"waiting for {file}, which is still being written" in caplog.text


def test_a_batch_skips_a_file_that_keeps_growing_and_names_it(
    shop: Shop, line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    age(shop.add_file("a.csv", line("t1", "completed", 0)))
    growing = shop.add_file("b.csv", line("t2", "completed", 0))

    def grow(_: float) -> None:
        # The file's clock is ahead, as on a network disk.
        age(growing, growing.stat().st_mtime + 3600)

    run(shop, monkeypatch, grow)
    assert set(amounts(shop)) == {"t1"}
    assert (
        f"{growing} is omitted, because it is still being written after 60 seconds" in caplog.text
    )
    age(growing)
    run(shop, monkeypatch, never)
    assert set(amounts(shop)) == {"t1", "t2"}
    growing.write_text(growing.read_text() + line("t3", "completed", 0))
    run(shop, monkeypatch, grow)
    assert set(amounts(shop)) == {"t1", "t2"}
    mapping = shop.ctx.source.entities["transactions"].model_copy(update={"on_changed": "refuse"})
    source = shop.ctx.source.model_copy(update={"entities": {"transactions": mapping}})
    allowed, shop.ctx = shop.ctx, replace(shop.ctx, source=source)
    with pytest.raises(SourceError, match=r"b\.csv has changed since it was read"):
        run(shop, monkeypatch, grow)
    shop.ctx = replace(shop.ctx, source=allowed.source)
    age(growing)
    run(shop, monkeypatch, never)
    assert set(amounts(shop)) == {"t1", "t2", "t3"}


def test_a_batch_whose_only_file_keeps_growing_reports_it(
    shop: Shop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = shop.add_file("a.csv", line("t1", "completed", 0))

    def grow(_: float) -> None:
        age(growing, growing.stat().st_mtime + 3600)

    with pytest.raises(SourceError, match=r"no file is complete, because .*a\.csv is still being"):
        run(shop, monkeypatch, grow)


def test_a_truncated_file_is_corrected_by_the_complete_one_under_any_name(
    shop: Shop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last field is an amount, and the source maps no ``updated_at``."""
    columns = {**shop.ctx.source.entities["transactions"].columns}
    del columns["updated_at"]
    mapping = shop.ctx.source.entities["transactions"].model_copy(update={"columns": columns})
    source = shop.ctx.source.model_copy(update={"entities": {"transactions": mapping}})
    shop.ctx = replace(shop.ctx, source=source)
    header = "Id,Who,Quantity,Price,Time,Status,Amount"
    rows = [f"t{n},c1,1,5,2024-05-01 10:00:00,completed,100.00" for n in range(6)]
    for number, row in enumerate(rows):
        file = age(shop.add_file(f"{number}.csv", header=header))
        file.write_text(f"{header}\n{row[:-5]}")
        age(file)
    run(shop, monkeypatch, never)
    assert set(amounts(shop).values()) == {"1.0000"}
    file.write_text(f"{header}\n{rows[-1]}\n")
    age(file)
    run(shop, monkeypatch, never)
    assert amounts(shop) == {f"t{n}": "100.0000" if n == 5 else "1.0000" for n in range(6)}
    age(shop.add_file("whole.csv", *rows, header=header))
    run(shop, monkeypatch, never)
    assert amounts(shop) == {f"t{n}": "100.0000" for n in range(6)}
