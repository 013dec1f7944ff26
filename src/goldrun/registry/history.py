"""Queries of the ledger: the champion at a time, open decisions, comparisons on a test set."""

from collections.abc import Sequence
from datetime import datetime

from goldrun.registry.ledger import Action, Entry, State


def champion_by(entries: Sequence[Entry], at: datetime | None = None) -> Entry | None:
    """Return the entry that made the champion; None while no version was champion.

    Args:
        entries: All entries of a model, by number.
        at: A time, UTC; now when None.
    """
    done = [e for e in entries if e.state == State.DONE and (at is None or e.recorded_at <= at)]
    return done[-1] if done else None


def open_intent(entries: Sequence[Entry]) -> Entry | None:
    """Return the newest entry if it is an intent that was neither done nor abandoned."""
    newest = entries[-1] if entries else None
    return newest if newest is not None and newest.state == State.INTENDED else None


def earlier_champion(entries: Sequence[Entry]) -> Entry | None:
    """Return the entry of the version that was champion before the current one."""
    current = champion_by(entries)
    done = [e for e in entries if e.state == State.DONE]
    others = [e for e in done if current is not None and e.to_version != current.to_version]
    return others[-1] if others else None


def was_champion(entries: Sequence[Entry], version: int) -> Entry | None:
    """Return the newest entry that made a version champion; None if none did."""
    done = [e for e in entries if e.state == State.DONE and e.to_version == version]
    return done[-1] if done else None


def looks(entries: Sequence[Entry], test_origin: str) -> int:
    """Count the decisions that compared a version with the champion at a test origin.

    An intent and what became of it count once.
    """
    return sum(
        e.test_origin == test_origin
        and e.compared_with is not None
        and e.state in {State.REFUSED, State.INTENDED}
        for e in entries
    )


def best_version(entries: Sequence[Entry], better: float = 0.0) -> int | None:
    """Return the version that later ones must not fall below; None while there is no champion.

    It is the newest champion that was the first, that a person chose, or that was shown to be
    better than the version it was compared with (its lead's lower bound is above ``better``). A
    champion that was promoted as not worse does not lower what the next one is compared with.
    """
    best = None
    for entry in entries:
        if entry.state == State.DONE and (_chosen(entry) or _lead_low(entry) > better):
            best = entry.to_version
    return best


def _chosen(entry: Entry) -> bool:
    return entry.compared_with is None or entry.forced or entry.action != Action.PROMOTION


def _lead_low(entry: Entry) -> float:
    lows = [v for name, v in entry.comparison.items() if name.endswith("_above_low")]
    return min((v for v in lows if v is not None), default=0.0)
