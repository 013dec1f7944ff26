"""The cores that a process may use, on a machine and in a container."""

import os
from pathlib import Path

import pytest

from goldrun.io.engines.cores import usable_cores


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return 8


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000\n", 8),
        ("100000 100000\n", 1),
        ("350000 100000\n", 3),
        ("50000 100000\n", 1),
        ("9000000 100000\n", 8),
    ],
)
def test_a_container_has_as_many_cores_as_its_quota_pays_for(
    machine: int, tmp_path: Path, quota: str, cores: int
) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    assert usable_cores(tmp_path / "cpu.max") == cores


def test_a_process_has_the_cores_that_it_is_allowed_on(machine: int, tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "no-limit") == machine


def test_a_system_without_restrictions_has_all_its_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert usable_cores(tmp_path / "no-limit") == 4
