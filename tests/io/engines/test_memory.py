"""How much memory computations may have, as the environment or the machine says it."""

from pathlib import Path

import psutil
import pytest

from goldrun.errors import SettingsError
from goldrun.io.engines.memory import (
    LIMITS,
    driver_memory,
    in_bytes,
    machine_memory,
    peak_memory,
    pool_memory,
)


def test_a_heap_is_four_gibibytes_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", "")
    assert in_bytes(driver_memory()) == 4 << 30


def test_a_pool_is_three_fifths_of_the_machine_where_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", "")
    assert in_bytes(pool_memory()) == pytest.approx(0.6 * machine_memory(), rel=0.001)


def test_a_container_has_no_more_than_it_is_told(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("104857600\n")
    assert machine_memory([tmp_path / "none", limit]) == 100 << 20


@pytest.mark.parametrize("said", ["max\n", str(1 << 60)])
def test_a_container_has_no_more_than_the_machine(tmp_path: Path, said: str) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(said)
    assert machine_memory([limit]) == machine_memory([]) > 100 << 20


def test_it_is_looked_for_where_linux_tells_it_now_and_did_before() -> None:
    assert list(map(str, LIMITS)) == [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]


@pytest.mark.parametrize(
    ("said", "meant"), [("1500m", 1500 << 20), ("8G", 8 << 30), ("1t", 1 << 40)]
)
def test_it_is_a_number_with_a_unit(monkeypatch: pytest.MonkeyPatch, said: str, meant: int) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", said)
    assert in_bytes(driver_memory()) == in_bytes(pool_memory()) == meant


@pytest.mark.parametrize("said", ["much", "8", "8 g", "-1g", "0g", "4gb"])
def test_anything_else_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", said)
    with pytest.raises(
        SettingsError, match=f"GOLDRUN_DRIVER_MEMORY '{said}' is no size: write one such as"
    ):
        pool_memory()


def test_the_peak_is_at_least_what_the_process_holds() -> None:
    holds = psutil.Process().memory_info().rss
    # The kernel brings the peak up to date now and then.
    assert 0.9 * holds <= peak_memory() < 1000 * holds
