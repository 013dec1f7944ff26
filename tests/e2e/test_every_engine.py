"""Every engine computes the same tables from the same files, in every column."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from goldrun.contracts.ops import GOLD_PROGRESS, GOLD_TABLES
from tests.connect_server import connect_server
from tests.project_copy import Project

pytestmark = pytest.mark.slow
SMALL = ("--customers=150", "--days=120", "--dirt=all", "--overwrite=true")


def compute_lake(project: Project, engine: str, remote: str = "") -> Path:
    """Compute a lake with every kind of record and of error with an engine."""
    lake = project.folder / f"lake-of-{engine}"
    environment = (f"GOLDRUN_ENGINE={engine}", f"GOLDRUN_REMOTE={remote}")
    command = ("env", "PYTHONPATH=src:.", *environment, "python", "-m", "tests.e2e.one_lake")
    done = project.run(*command, "small.toml", str(lake))
    assert done.code == 0, done.output
    return lake


@pytest.fixture(scope="module")
def by_spark(project: Project) -> Path:
    assert project.script("simulate", "--out=data/small", *SMALL).code == 0
    shipped = project.folder / "pipelines" / "sources" / "marketplace.toml"
    source = project.folder / "small.toml"
    source.write_text(shipped.read_text().replace("data/marketplace", "data/small"))
    return compute_lake(project, "spark")


def names(lake: Path) -> list[str]:
    return sorted(str(log.parent.relative_to(lake)) for log in lake.glob("*/*/_delta_log"))


def content(table: Path) -> pa.Table:
    """Return the sorted rows of a table, doubles with nine digits, lists as text."""
    rows = DeltaTable(str(table)).to_pyarrow_table()
    columns = {}
    for name in sorted(rows.column_names):
        column = rows[name]
        if pa.types.is_floating(column.type):
            column = pc.round(column, 9)
        elif pa.types.is_nested(column.type):
            column = pa.array([None if v is None else repr(sorted(v)) for v in column.to_pylist()])
        columns[name] = pa.array(column.to_pylist())
    plain = pa.table(columns)
    return plain.sort_by([(name, "ascending") for name in plain.column_names])


def assert_same(by_spark: Path, by_other: Path) -> None:
    tables = names(by_spark)
    assert tables == names(by_other)
    assert len(tables) > 20
    for table in tables:
        if table not in {GOLD_PROGRESS.name, GOLD_TABLES.name}:  # they name runs and versions
            assert content(by_other / table).equals(content(by_spark / table)), table


def test_sail_writes_the_same_tables_with_the_same_rows(project: Project, by_spark: Path) -> None:
    assert_same(by_spark, compute_lake(project, "sail"))


def test_a_server_writes_the_same_tables_with_the_same_rows(
    project: Project, by_spark: Path, tmp_path: Path
) -> None:
    with connect_server(tmp_path) as address:
        assert_same(by_spark, compute_lake(project, "connect", address))
