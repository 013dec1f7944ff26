"""A command opens a lake that checks the tables of its contracts."""

import contextlib
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.errors import StorageError
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.session import opened

OTHER = Table(
    name=CUSTOMER_DAILY.name,
    grain="something else",
    key=("customer_id",),
    columns=(Column("customer_id", T.StringType(), "Key.", required=True),),
)


def test_a_command_refuses_a_table_that_is_not_that_of_its_contract(
    engine: Engine, tracker: Tracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def open_engine(*_: object, **__: object) -> Iterator[Engine]:
        yield engine

    monkeypatch.setattr("goldrun.jobs.session.open_engine", open_engine)
    monkeypatch.setattr("goldrun.jobs.session.Tracker", lambda **_: tracker)
    lake = Lake(engine, str(tmp_path / "lake"))
    lake.append(OTHER, engine.session.createDataFrame([("c1",)], OTHER.schema))
    options = Namespace(path="", source="online_retail", lake=lake.root, master="")
    with (
        opened(options, "gold", "tests") as ctx,
        pytest.raises(StorageError, match="is not the table"),
    ):
        ctx.lake.read(CUSTOMER_DAILY.name)
