"""The users' table as Sail writes it, a layout of ``layouts``: sorted ranges, then compaction.

    python -m benchmarks.sail_layout ROWS PATH

Reads Parquet files, writes the table, and prints the seconds that took.
"""

import sys
import time

from goldrun.features.catalog.feature_tables import USER_FEATURES
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine


def main(rows: str, path: str) -> None:
    """Write the table."""
    with open_engine(SailEngine) as engine:
        began = time.monotonic()
        tables = engine.tables
        tables.create(path, USER_FEATURES)
        with tables.stage(path, USER_FEATURES, [engine.session.read.parquet(rows)]) as staged:
            staged.write("append")
        tables.compact(path, USER_FEATURES)
        sys.stdout.write(f"{time.monotonic() - began}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
