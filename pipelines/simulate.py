"""Write a simulated marketplace: five sets of files, and beside them the truth about every row."""

import argparse
import logging
import sys
from pathlib import Path

from goldrun.errors import GoldrunError
from goldrun.jobs.names import RUN_COMMAND
from goldrun.jobs.simulate.simulation import Written, write_marketplace
from goldrun.simulation.options import NONE, read_settings
from goldrun.simulation.parameters import Settings
from pipelines._console import log_to_console

log = logging.getLogger("goldrun")


def _summary(settings: Settings, out: Path, written: Written) -> None:
    days = f"{settings.start} until {settings.until}"
    log.info("%s customers, %s, seed %s:", f"{settings.customers:,}", days, settings.seed)
    for entity, count in written.rows.items():
        planted = written.planted[entity]
        log.info("  %-12s %12s rows, %s of them planted", entity, f"{count:,}", f"{planted:,}")
    log.info("files in %s, the truth in %s", out, out / "truth")
    log.info(
        "next: %s -P source=marketplace -P lake=marketplace-lake "
        "(paths: pipelines/sources/marketplace.toml)",
        RUN_COMMAND,
    )


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    known = Settings()
    declared = argparse.ArgumentParser(description=__doc__)
    declared.add_argument("--customers", default=known.customers, help="how many")
    declared.add_argument("--days", default=known.days, help="length of the period")
    declared.add_argument(
        "--until", default=known.until, help="day after the last one, UTC (default: %(default)s)"
    )
    declared.add_argument("--seed", default=known.seed, help="of all random numbers")
    declared.add_argument("--out", default="data/marketplace", help="folder (default: %(default)s)")
    declared.add_argument("--dirt", default=NONE, help="none, all, or kind=share,kind=share")
    declared.add_argument("--drift", default="", help="kind:date:factor,kind:date:factor")
    declared.add_argument("--overwrite", default="false", choices=("false", "true"))
    return declared


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    log_to_console()
    given = options().parse_args(arguments)
    try:
        settings = read_settings(
            customers=given.customers,
            days=given.days,
            until=given.until,
            seed=given.seed,
            dirt=given.dirt,
            drift=given.drift,
        )
        out = Path(given.out)
        written = write_marketplace(settings, out, overwrite=given.overwrite == "true")
    except GoldrunError as error:
        log.error("error: %s", error)
        return error.exit_code
    _summary(settings, out, written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
