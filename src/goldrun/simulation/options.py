"""Parse the settings of a simulation from command-line text."""

from collections.abc import Sequence

from pydantic import ValidationError

from goldrun.errors import SettingsError, did_you_mean
from goldrun.simulation.faults import kinds
from goldrun.simulation.parameters import DRIFT_KINDS, Settings

NONE = "none"
ALL = "all"
DEFAULT_SHARE = 0.002
"""Default share of an entity's rows with a kind of dirt."""
_OPTION_OF = {name: f"--{name}" for name in Settings.model_fields}


def read_settings(*, dirt: str = NONE, drift: str = "", **numbers: object) -> Settings:
    """Parse and validate the options of a simulation.

    Args:
        dirt: ``none``, ``all``, or ``kind`` and ``kind=share`` separated by commas.
        drift: ``kind:date:factor`` separated by commas; empty for none.
        **numbers: ``customers``, ``days``, ``until`` and ``seed``, as text or not.

    Raises:
        SettingsError: A value can't be parsed, is out of range, or names an unknown kind.
    """
    given = {**numbers, "dirt": read_dirt(dirt), "drift": read_drift(drift)}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        problems = (
            f"{_OPTION_OF.get(str(problem['loc'][0]), '') if problem['loc'] else ''} "
            f"{problem['msg'].removeprefix('Value error, ')}".strip()
            for problem in error.errors()
        )
        raise SettingsError("; ".join(problems)) from error


def read_dirt(text: str) -> dict[str, float]:
    """Return the share of each kind of dirt in the option ``dirt`` of ``read_settings``."""
    known = kinds()
    if text in {"", NONE}:
        return {}
    if text == ALL:
        return dict.fromkeys(known, DEFAULT_SHARE)
    return dict(_kind_and_share(part, known) for part in text.split(","))


def _kind_and_share(text: str, known: Sequence[str]) -> tuple[str, float]:
    kind, _, share = (piece.strip() for piece in text.partition("="))
    if kind not in known:
        raise SettingsError(
            f"--dirt: {kind!r} is no kind of dirt{did_you_mean(kind, known)}; write some of "
            f"{', '.join(known)}, or {ALL} or {NONE} alone"
        )
    return kind, _share(share, kind) if share else DEFAULT_SHARE


def _share(text: str, kind: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise SettingsError(
            f"--dirt: {kind}={text} is no share of rows above 0 and up to 1: write {kind}=0.01"
        )
    return share


def read_drift(text: str) -> list[dict[str, str]]:
    """Return kind, date and factor of each drift in the option ``drift`` of ``read_settings``."""
    parts = [part.strip() for part in text.split(",")]
    return [_drift(part) for part in parts if part]


def _drift(text: str) -> dict[str, str]:
    """Parse one item of the option ``drift`` of a simulation: ``kind:date:factor``."""
    pieces = [piece.strip() for piece in text.split(":")]
    if len(pieces) != 3:
        raise SettingsError(
            f"--drift: {text!r} is not kind:date:factor; write for example spend:2025-03-01:2"
        )
    kind, since, factor = pieces
    if kind not in DRIFT_KINDS:
        raise SettingsError(
            f"--drift: {kind!r} is no kind of drift{did_you_mean(kind, DRIFT_KINDS)}; "
            f"write one of {', '.join(DRIFT_KINDS)}"
        )
    return {"kind": kind, "since": since, "factor": factor}
