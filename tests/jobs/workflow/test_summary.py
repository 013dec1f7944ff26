"""The summary shows the location of the runs for every kind of store."""

from pathlib import Path

import pytest

from goldrun.jobs.workflow.summary import where_to_look

HERE = "http://127.0.0.1:5000"


@pytest.mark.parametrize("uri", ["http://models.example:8080", "https://models.example/mlflow"])
def test_a_server_is_opened_at_its_own_address(uri: str) -> None:
    assert where_to_look(uri) == f"open {uri}"


def test_the_password_of_a_server_is_hidden() -> None:
    assert where_to_look("http://me:secret@models.example") == "open http://models.example"


def test_the_default_store_has_no_address() -> None:
    for uri in ("sqlite:///mlflow.db", f"sqlite:///{Path.cwd()}/mlflow.db"):
        assert "mlflow ui[/bold]" in where_to_look(uri)
        assert where_to_look(uri).endswith(HERE)


def test_another_database_is_named(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    assert f"mlflow ui --backend-store-uri {uri}[/bold]" in where_to_look(uri)
    assert where_to_look("postgresql://me:secret@host/db").count("secret") == 0
