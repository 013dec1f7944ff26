"""How much memory computations may have, as the environment says it."""

import pytest

from goldrun.errors import SettingsError
from goldrun.io.settings import driver_memory, in_bytes


def test_it_is_four_gibibytes_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", "")
    assert in_bytes(driver_memory()) == 4 << 30


@pytest.mark.parametrize(
    ("said", "meant"), [("1500m", 1500 << 20), ("8G", 8 << 30), ("1t", 1 << 40)]
)
def test_it_is_a_number_with_a_unit(monkeypatch: pytest.MonkeyPatch, said: str, meant: int) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", said)
    assert in_bytes(driver_memory()) == meant


@pytest.mark.parametrize("said", ["much", "8", "8 g", "-1g", "0g", "4gb"])
def test_anything_else_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("GOLDRUN_DRIVER_MEMORY", said)
    with pytest.raises(SettingsError, match=f"GOLDRUN_DRIVER_MEMORY '{said}' is no size such as"):
        driver_memory()
