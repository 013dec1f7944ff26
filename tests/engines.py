"""Which engine the tests run with, and which tests ask for Spark itself."""

from goldrun.io.engines import Engine, engine_named

ENGINE = engine_named("") or Engine.SAIL
OF_SPARK = (
    *("tests/faults/", "tests/streams/", "tests/io/test_stream", "tests/io/test_spark_cluster.py"),
    *("tests/io/test_changes.py", "tests/io/test_write_conflicts.py", "tests/io/test_lines.py"),
    *("tests/io/test_purge.py", "tests/io/test_traces.py", "tests/pipelines/test_erase"),
    *("tests/pipelines/test_arrivals.py", "tests/pipelines/test_landed.py"),
    "tests/pipelines/test_upkeep.py",
    "tests/io/test_connect.py",
    "tests/io/test_read_by_spark.py",
)
"""Streams and erasure, and how Spark itself reads and writes: no other engine has them."""
