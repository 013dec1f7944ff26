"""Start, stop or find a Spark standalone cluster on this machine: a master and two workers."""

import argparse
import shlex
import sys
from pathlib import Path

from goldrun.devtools.spark_cluster import DEFAULT_PORT, WORKERS, SparkCluster
from goldrun.errors import GoldrunError
from goldrun.jobs.names import RUN_COMMAND
from pipelines._console import log, log_to_console

NONE_RUNS = 1


def _start(cluster: SparkCluster, given: argparse.Namespace) -> int:
    started = cluster.start(given.cores, given.memory)
    log.info("A Spark master with %s workers runs%s", WORKERS, "" if started else " already")
    log.info("  to use it: %s -P master=%s", RUN_COMMAND, cluster.address)
    log.info(
        "  to stop it: PYTHONPATH=src:. python pipelines/cluster.py --action=stop --folder=%s",
        shlex.quote(str(cluster.folder)),
    )
    return 0


def _stop(cluster: SparkCluster, _: argparse.Namespace) -> int:
    stopped = cluster.stop()
    log.info("The cluster %s: %s", "is stopped" if stopped else "did not run", cluster.folder)
    return 0


def _status(cluster: SparkCluster, _: argparse.Namespace) -> int:
    alive = len(cluster.running())
    log.info("%s of %s processes run: %s", alive, WORKERS + 1, cluster.folder)
    return 0 if alive == WORKERS + 1 else NONE_RUNS


_ACTIONS = {"start": _start, "stop": _stop, "status": _status}


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = argparse.ArgumentParser(description=__doc__)
    declared.add_argument("--action", required=True, choices=tuple(_ACTIONS))
    declared.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s")
    declared.add_argument("--cores", type=int, default=1, help="of each worker (default: 1)")
    declared.add_argument("--memory", default="2g", help="of each worker (default: 2g)")
    declared.add_argument(
        "--folder", default=".spark-cluster", help="of logs and files (default: %(default)s)"
    )
    return declared


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 when ``status`` finds none, or an error's."""
    log_to_console()
    given = options().parse_args(arguments)
    try:
        return _ACTIONS[given.action](SparkCluster(Path(given.folder), given.port), given)
    except GoldrunError as error:
        log.error("error: %s", error)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
