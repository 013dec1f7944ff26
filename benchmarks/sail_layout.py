"""The users' table as Sail writes it, a layout of ``layouts``: sorted ranges, then compaction.

    python -m benchmarks.sail_layout ROWS PATH

Reads Parquet files, writes the table, and prints the seconds that took.
"""

import sys
import time

from goldrun.contracts.gold import USER_FEATURES
from goldrun.io.engines.sail.session import open_sail
from goldrun.io.engines.sail.tables import SailTables


def main(rows: str, path: str) -> None:
    """Write the table."""
    with open_sail() as spark:
        began = time.monotonic()
        storage = SailTables(spark)
        storage.create(path, USER_FEATURES)
        with storage.stage(path, USER_FEATURES, [spark.read.parquet(rows)]) as draft:
            draft.write("append")
        storage.compact(path, USER_FEATURES)
        sys.stdout.write(f"{time.monotonic() - began}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
