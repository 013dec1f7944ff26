"""The memory limit of computations, from the environment or the machine."""

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


def test_the_heap_is_four_gibibytes_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", "")
    assert in_bytes(driver_memory()) == 4 << 30


def test_the_pool_is_three_fifths_of_the_machine_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", "")
    assert in_bytes(pool_memory()) == pytest.approx(0.6 * machine_memory(), rel=0.001)


def test_a_container_has_no_more_memory_than_its_limit(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("104857600\n")
    assert machine_memory([tmp_path / "none", limit]) == 100 << 20


@pytest.mark.parametrize("content", ["max\n", str(1 << 60)])
def test_a_container_has_no_more_memory_than_the_machine(tmp_path: Path, content: str) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(content)
    assert machine_memory([limit]) == machine_memory([]) > 100 << 20


def test_the_limit_is_read_from_both_versions_of_cgroups() -> None:
    assert list(map(str, LIMITS)) == [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]


@pytest.mark.parametrize(
    ("setting", "expected"), [("1500m", 1500 << 20), ("8G", 8 << 30), ("1t", 1 << 40)]
)
def test_memory_is_a_number_with_a_unit(
    monkeypatch: pytest.MonkeyPatch, setting: str, expected: int
) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", setting)
    assert in_bytes(driver_memory()) == in_bytes(pool_memory()) == expected


@pytest.mark.parametrize("setting", ["much", "8", "8 g", "-1g", "0g", "4gb"])
def test_an_invalid_memory_setting_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", setting)
    with pytest.raises(
        SettingsError, match=f"GOLDRUN_DRIVER_MEMORY '{setting}' is no size: write one such as"
    ):
        pool_memory()


def test_the_peak_is_at_least_the_current_memory() -> None:
    holds = psutil.Process().memory_info().rss
    # The kernel updates the peak only from time to time.
    assert 0.9 * holds <= peak_memory() < 1000 * holds
