"""A tracking store in any state opens, or an error names the remedy."""

import contextlib
import http.server
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from goldrun.errors import TrackingError
from goldrun.io.tracking.errors import explained, without_password
from goldrun.io.tracking.runs import Tracker
from goldrun.io.tracking.store import artifact_folder, database_file, is_default
from tests.project_copy import ROOT

Named = Callable[[str], Tracker]


@pytest.fixture(autouse=True)
def _restore_tracking_uri() -> Iterator[None]:
    before = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Named:
    """Open the store of a URI, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def open_named(uri: str) -> Tracker:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        return Tracker()

    return open_named


def copied(empty_store: Path, folder: Path, *statements: str) -> str:
    """Copy the database, run some statements on the copy, and return its URI."""
    file = folder / "copy.db"
    file.write_bytes(empty_store.read_bytes())
    with contextlib.closing(sqlite3.connect(file)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return f"sqlite:///{file}"


# Local databases ---------------------------------------------------------------------------------

OPENING = """
import sys, time
from goldrun.io.tracking.runs import Tracker
time.sleep(max(0, float(sys.argv[1]) - time.time()))
tracker = Tracker()
with tracker.run("first", "goldrun-pipeline") as run_id:
    tracker.log_metrics({"rows": 1.0})
print("run", run_id)
"""


@pytest.mark.slow
def test_two_commands_create_one_store_at_the_same_time(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")},
        "PYTHONPATH": f"{ROOT}/src:{ROOT}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
    }
    start = str(time.time() + 6)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", OPENING, start],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [(*one.communicate(timeout=120), one.returncode) for one in both]
    assert [code for *_, code in ended] == [0, 0], ended
    assert len({output for output, *_ in ended}) == 2


@pytest.mark.parametrize(
    "content", [b"not a database at all", b"\0" * 4096, bytes(range(256)) * 40]
)
def test_a_file_that_is_not_a_database_is_refused(
    named: Named, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(TrackingError, match=r"no SQLite database.*restore the file from a copy"):
        named("sqlite:///mlflow.db")


def test_a_folder_with_the_name_of_the_database_is_refused_at_once(
    named: Named, tmp_path: Path
) -> None:
    (tmp_path / "mlflow.db").mkdir()
    started = time.monotonic()
    with pytest.raises(TrackingError, match="can't be opened or made"):
        named("sqlite:///mlflow.db")
    assert time.monotonic() - started < 5


@pytest.mark.slow
def test_an_empty_database_file_is_initialised(named: Named, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").touch()
    assert named("sqlite:///mlflow.db").client.search_experiments()
    assert database_file("sqlite:///new/folder/mlflow.db") == tmp_path / "new/folder/mlflow.db"


@pytest.mark.parametrize("statement", ["SELECT 1", "DROP TABLE webhooks"])
def test_a_database_of_a_newer_mlflow_is_refused_without_advice_to_upgrade(
    named: Named, empty_store: Path, tmp_path: Path, statement: str
) -> None:
    newer = copied(
        empty_store, tmp_path, "UPDATE alembic_version SET version_num = 'ffffffffffff'", statement
    )
    with pytest.raises(TrackingError, match="made by a newer MLflow") as exc_info:
        named(newer)
    assert "upgrade" not in str(exc_info.value)


def test_a_database_of_an_older_mlflow_is_refused_with_advice_to_upgrade(
    named: Named, empty_store: Path, tmp_path: Path
) -> None:
    older = copied(empty_store, tmp_path, "UPDATE alembic_version SET version_num = '0584bdc529eb'")
    with pytest.raises(TrackingError, match=r"older MLflow.*mlflow db upgrade"):
        named(older)


def test_a_read_only_database_is_named(named: Named, empty_store: Path, tmp_path: Path) -> None:
    file = copied(empty_store, tmp_path).removeprefix("sqlite:///")
    tracker = named(f"sqlite:///file:{file}?mode=ro&uri=true")
    with pytest.raises(TrackingError, match=r"can't be written.*give this user"):  # noqa: SIM117
        with tracker.run("any", "goldrun-pipeline"):
            pytest.fail("began")


def test_a_database_that_another_process_locks_is_named() -> None:
    assert "wait for that process" in str(explained(OSError("(x) database is locked")))


@pytest.mark.parametrize(
    "message", ["duplicate column name: storage_location", "table runs already exists"]
)
def test_incomplete_tables_are_named(message: str) -> None:
    assert "half made" in str(explained(OSError(message)))


# File stores -------------------------------------------------------------------------------------


@pytest.mark.parametrize("uri", ["file:./mlruns", "file:///nowhere/mlruns", "./mlruns", "mlruns"])
def test_a_file_store_is_refused_with_the_command_that_migrates_it(named: Named, uri: str) -> None:
    with pytest.raises(TrackingError, match=r"migrate-filestore --source [./m]") as exc_info:
        named(uri)
    assert "--source file:" not in str(exc_info.value)


def test_a_file_store_in_the_default_place_is_refused(
    empty_store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").touch()
    with pytest.raises(TrackingError, match="migrate-filestore --source mlruns"):
        Tracker()
    (tmp_path / "mlflow.db").write_bytes(empty_store.read_bytes())
    assert is_default(Tracker().uri)


# Servers -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def answering(code: int, text: str, seconds: float = 0) -> Iterator[str]:
    """Start a server that gives every request the same answer; yield its address."""
    ended = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ended.wait(seconds)
            with contextlib.suppress(OSError):
                self.send_response(code)
                self.end_headers()
                self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "http://nowhere.invalid:5000"])
def test_an_unreachable_server_is_named_within_seconds(named: Named, uri: str) -> None:
    started = time.monotonic()
    with pytest.raises(TrackingError, match=f"{uri}.*can't be reached: is it running"):
        named(uri)
    assert time.monotonic() - started < 15
    # Later requests wait for a server that is unavailable for a while, as MLflow does.
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_a_server_that_never_answers_fails_after_the_configured_timeout(
    named: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with answering(200, "", seconds=30) as uri:
        with pytest.raises(TrackingError, match="can't be reached"):
            named(uri)
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "1"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (200, "not as an MLflow server"),
        (404, "not as an MLflow server"),
        (401, "refuses access"),
        (403, "refuses access"),
        (500, "errors of its own"),
        (503, "errors of its own"),
    ],
)
def test_a_server_that_is_not_mlflow_is_named(named: Named, code: int, problem: str) -> None:
    with answering(code, "<html>hello</html>") as uri, pytest.raises(TrackingError, match=problem):
        named(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "bogus://x",
        "http://[bad",
        "http:",
        "uc:x",
        "http://host:port",
        "postgresql://x/y",
        "mysql://x",
    ],
)
def test_a_uri_without_a_store_is_refused_by_name(named: Named, uri: str) -> None:
    with pytest.raises(TrackingError, match="MLflow"):
        named(uri)


def test_a_blank_uri_means_the_default_store(
    named: Named, empty_store: Path, tmp_path: Path
) -> None:
    (tmp_path / "mlflow.db").write_bytes(empty_store.read_bytes())
    assert is_default(named("  ").uri)


def test_no_message_contains_a_password() -> None:
    assert without_password("http://me:secret@host:5000/x") == "http://host:5000/x"
    mlflow.set_tracking_uri("http://me:secret@host:5000")
    assert "secret" not in str(explained(OSError("odd: http://me:secret@host:5000/api")))


# Runs and experiments ----------------------------------------------------------------------------


def test_a_deleted_experiment_is_named_with_the_command_that_restores_it(
    named: Named, empty_store: Path, tmp_path: Path
) -> None:
    tracker = named(copied(empty_store, tmp_path))
    number = tracker.client.create_experiment("goldrun-churn")
    tracker.client.delete_experiment(number)
    restored = f"mlflow experiments restore --experiment-id {number}"
    with pytest.raises(TrackingError, match=restored):
        tracker.check_experiments("goldrun-pipeline", "goldrun-churn")
    with pytest.raises(TrackingError, match=restored):  # noqa: SIM117
        with tracker.run("any", "goldrun-churn"):
            pytest.fail("began")


def test_a_run_of_another_store_is_named(
    named: Named, empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = named(copied(empty_store, tmp_path))
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    with pytest.raises(TrackingError, match="run of another store"):  # noqa: SIM117
        with tracker.run("any", "goldrun-pipeline"):
            pytest.fail("began")


def test_a_missing_artifact_is_named_and_promotes_nothing(
    named: Named, empty_store: Path, tmp_path: Path
) -> None:
    tracker = named(copied(empty_store, tmp_path))
    with tracker.run("texts", "goldrun-churn") as run_id:
        tracker.log_text("{}", "drift/baseline.json")
    (artifact,) = tmp_path.rglob("baseline.json")
    artifact.unlink()
    with pytest.raises(
        TrackingError, match=f"baseline.json of run {run_id} is missing"
    ) as exc_info:
        tracker.read_artifact(run_id, "drift/baseline.json")
    assert "restore the folder of artifacts" in str(exc_info.value)
    assert "alias" not in str(exc_info.value)


# Paths -------------------------------------------------------------------------------------------


def test_artifacts_are_next_to_a_database_in_another_folder(
    named: Named, empty_store: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    tracker = named(copied(empty_store, tmp_path / "elsewhere"))
    with tracker.run("texts", "goldrun-churn"):
        tracker.log_text("here", "a.txt")
    (artifact,) = tmp_path.rglob("a.txt")
    assert artifact.is_relative_to(tmp_path / "elsewhere" / "mlruns" / "goldrun-churn")


def test_the_default_store_leaves_artifacts_to_mlflow(tmp_path: Path) -> None:
    assert artifact_folder(f"sqlite:///{Path.cwd()}/mlflow.db", "x") is None
    assert artifact_folder("http://host", "x") is None
    assert artifact_folder(f"sqlite:///{tmp_path}/a.db", "x") == f"{tmp_path}/mlruns/x"


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("sqlite:////a/b.db", Path("/a/b.db")),
        ("sqlite:////a/b.db?timeout=3", Path("/a/b.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("sqlite:///file:/a/b.db?mode=ro&uri=true", None),
        ("http://host", None),
    ],
)
def test_a_local_database_is_recognised_by_its_uri(uri: str, file: Path | None) -> None:
    assert database_file(uri) == file
