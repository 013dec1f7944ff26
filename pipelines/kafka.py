"""Start, stop or find a Kafka broker on this machine: no container, one folder, loopback only."""

import argparse
import shlex
import sys
from pathlib import Path

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.devtools.kafka_settings import DEFAULT_PORT
from goldrun.errors import GoldrunError
from pipelines._console import log, log_to_console

NONE_RUNS = 1


def _start(broker: KafkaBroker) -> int:
    started = broker.start()
    log.info("Kafka %s on %s; %s", "listens" if started else "listens already", *_where(broker))
    return 0


def _stop(broker: KafkaBroker) -> int:
    log.info("Kafka %s: %s", "stopped" if broker.stop() else "did not run", broker.folder)
    return 0


def _status(broker: KafkaBroker) -> int:
    found = broker.running()
    if found is None:
        log.info("Kafka does not run: %s", broker.folder)
        return NONE_RUNS
    there = KafkaBroker(broker.folder, found.port)
    answers = there.answers()
    log.info("Kafka %s on %s; %s", "listens" if answers else "DOES NOT ANSWER", *_where(there))
    return 0 if answers else NONE_RUNS


def _where(broker: KafkaBroker) -> tuple[str, str]:
    folder = shlex.quote(str(broker.folder))
    stop = f"PYTHONPATH=src:. python pipelines/kafka.py --action=stop --folder={folder}"
    return broker.address, f"log: {broker.log_path}; to stop it: {stop}"


_ACTIONS = {"start": _start, "stop": _stop, "status": _status}


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = argparse.ArgumentParser(description=__doc__)
    declared.add_argument("--action", required=True, choices=tuple(_ACTIONS))
    declared.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="to listen on (default: %(default)s)"
    )
    declared.add_argument(
        "--folder", default=".kafka", help="of messages, settings and log (default: %(default)s)"
    )
    return declared


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 when ``status`` finds none, or an error's."""
    log_to_console()
    given = options().parse_args(arguments)
    try:
        return _ACTIONS[given.action](KafkaBroker(Path(given.folder), given.port))
    except GoldrunError as error:
        log.error("error: %s", error)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
