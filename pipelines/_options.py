"""Options that the scripts share. Nothing heavy is loaded here: ``--help`` answers at once."""

import argparse
from datetime import date

from goldrun.errors import SettingsError
from goldrun.io.engines.registry import ENGINES
from goldrun.io.engines.spark.session import DEFAULT_MASTER

AUTO = "auto"


def parser(description: str | None, *, only_spark: bool = False) -> argparse.ArgumentParser:
    """Return a parser of the options of every script; ``--engine`` only where there is a choice."""
    options = source_parser(description)
    options.add_argument(
        "--lake",
        default="",
        help="folder or URI of the tables (default: $GOLDRUN_LAKE, else lake, and <preset>-lake "
        "for a preset)",
    )
    options.add_argument(
        "--master",
        default="",
        help=f"Spark master, spark://host:7077 (default: $GOLDRUN_MASTER, else {DEFAULT_MASTER})",
    )
    if not only_spark:
        options.add_argument(
            "--engine",
            default="",
            help=f"{' or '.join(ENGINES)} (default: $GOLDRUN_ENGINE, else what the lake needs)",
        )
        options.add_argument(
            "--remote",
            default="",
            help="Spark Connect server, sc://host:15002 (default: $GOLDRUN_REMOTE)",
        )
    return options


def source_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the option that names the shop."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument(
        "--source",
        default="online_retail",
        help="name of a file in pipelines/sources or a preset in its folder presets, or a path to "
        "a TOML file",
    )
    options.add_argument(
        "--path",
        default="",
        help="files of the transactions, instead of path in the TOML file",
    )
    return options


def add_rows(options: argparse.ArgumentParser) -> None:
    """Add the option ``--rows``."""

    def count(text: str) -> int:
        if not text.isdecimal() or not int(text):
            raise SettingsError(f"--rows {text!r} is not a number of rows: write it as 10000")
        return int(text)

    options.add_argument(
        "--rows",
        type=count,
        default=10_000,
        help="largest number of rows that are read of a file (default: %(default)s)",
    )


def add_version(options: argparse.ArgumentParser, name: str, meaning: str) -> None:
    """Add an option that is the number of a registered version, None when empty."""

    def number(text: str) -> int | None:
        if text and not (text.isdecimal() and int(text)):
            raise SettingsError(f"--{name} {text!r} is not the number of a version: write it as 3")
        return int(text) if text else None

    options.add_argument(f"--{name}", type=number, default=None, help=meaning)


def add_as_of(options: argparse.ArgumentParser, meaning: str) -> None:
    """Add the option ``--as-of``."""
    options.add_argument("--as-of", type=_date_or_auto, default=None, help=meaning)


def add_flag(options: argparse.ArgumentParser, name: str, meaning: str) -> None:
    """Add an option that is ``true`` or ``false``; ``mlflow run`` takes no bare switches."""

    def flag(text: str) -> bool:
        if text.lower() not in {"true", "false", ""}:
            raise SettingsError(f"--{name} {text!r} is neither true nor false: write one of them")
        return text.lower() == "true"

    options.add_argument(f"--{name}", type=flag, default=False, metavar="true|false", help=meaning)


def _date_or_auto(text: str) -> date | None:
    if text in {"", AUTO}:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"--as-of {text!r} is not a date: write it as 2011-09-10, or {AUTO}"
        ) from error
