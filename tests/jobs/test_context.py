"""A command in a message names the source and the lake so that a shell can read them."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.jobs.context import Context
from tests.jobs.conftest import own_store


def test_a_lake_with_a_space_in_its_path_is_one_argument(
    engine: Engine, empty_store: Path, tmp_path: Path
) -> None:
    lake = Lake(engine, str(tmp_path / "my lake"))
    with own_store(tmp_path, empty_store) as tracker:
        ctx = Context(lake, tracker, load_source("online_retail"), datetime.now(UTC))
    words = ["-P", "source=online_retail", "-P", f"lake={lake.root}"]
    assert shlex.split(ctx.options) == words
