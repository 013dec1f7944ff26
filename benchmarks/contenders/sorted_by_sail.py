"""The users' table as Sail writes it: files of ranges of what it is ordered by, one commit."""

import sys

from goldrun.contracts.gold import USER_FEATURES
from goldrun.io.rust_storage import RustStorage
from goldrun.io.sail import open_sail


def main(rows: str, path: str) -> None:
    """Read Parquet files and write the table."""
    with open_sail() as spark:
        storage = RustStorage(spark)
        storage.create(path, USER_FEATURES)
        with storage.draft(path, USER_FEATURES, [spark.read.parquet(rows)]) as draft:
            draft.write("append")


if __name__ == "__main__":
    main(*sys.argv[1:])
