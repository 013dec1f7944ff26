"""Servers that are missing, unreachable or without Delta; test_engine_contract has the rest."""

from pathlib import Path

import pytest

from goldrun.errors import SettingsError, ToolchainError
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.connect.engine import ConnectEngine
from tests.connect_server import connect_server, free_port

pytestmark = [pytest.mark.slow, pytest.mark.of_spark]


def test_an_error_names_the_remedy_for_a_missing_or_unreachable_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GOLDRUN_REMOTE", raising=False)
    with pytest.raises(SettingsError, match="give --remote=sc://host:15002"):
        open_engine(ConnectEngine).__enter__()
    for nonsense in ("sc://", "sc://host:abc", "host:15002", "spark://host:7077"):
        with pytest.raises(SettingsError, match=f"needs a server, not '{nonsense}'"):
            open_engine(ConnectEngine, remote=nonsense).__enter__()
    nobody = f"sc://127.0.0.1:{free_port()}"
    with pytest.raises(ToolchainError, match=f"{nobody}/ does not answer") as exc_info:
        open_engine(ConnectEngine, remote=f"{nobody}/;token=secret").__enter__()
    assert "secret" not in str(exc_info.value)


def test_a_server_without_delta_is_refused(tmp_path: Path) -> None:
    with (
        connect_server(tmp_path, with_delta=False) as address,
        pytest.raises(ToolchainError, match="has no Delta Lake"),
        open_engine(ConnectEngine, remote=address),
    ):
        pytest.fail("opened")
