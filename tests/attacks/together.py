"""Two commands at once: exactly one of them moves the champion."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.attacks.attack import CHALLENGER, LEDGER, Attack, Place, Result
from tests.attacks.shop import NAME, SOURCE
from tests.project_copy import Done

_FORCED = ("promote", SOURCE, "--force=true", "--reason=a race", f"--version={CHALLENGER}")


NAMES = ("two promotions at once", "two first trainings at once")


def _nothing(_: Place) -> None:
    """The commands themselves are the attack."""


def two_promotions(place: Place) -> Result:
    """Promote the challenger twice at the same time, by force: one of both finds it champion."""
    attack = Attack(NAMES[0], _nothing, "it is the champion already", _FORCED)
    done = _both(place, _FORCED)
    promotions = _promotions(place)
    wrong = "" if promotions == [1, CHALLENGER] else f"promotions by the ledger: {promotions}"
    return Result(attack, f"exit codes {sorted(one.code for one in done)}", wrong)


def two_trainings(place: Place) -> Result:
    """Train twice at the same time without any champion: one of both becomes the first."""
    place.client.delete_registered_model(NAME)
    _delete_ledger(place)
    attack = Attack(NAMES[1], _nothing, "", ("churn", SOURCE))
    done = _both(place, ("churn", SOURCE))
    promotions = _promotions(place)
    agrees = promotions == [place.alias()]
    wrong = "" if agrees else f"promotions {promotions}, alias {place.alias()}"
    return Result(attack, f"exit codes {sorted(one.code for one in done)}", wrong)


def _both(place: Place, command: tuple[str, ...]) -> list[Done]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: place.project.script(*command), range(2)))


def _promotions(place: Place) -> list[int]:
    rows = place.table(LEDGER).sort_values("number")
    return [int(version) for version in rows[rows["state"] == "done"]["to_version"]]


def _delete_ledger(place: Place) -> None:
    shutil.rmtree(place.project.lake / LEDGER)


RACES: tuple[Callable[[Place], Result], ...] = (two_promotions, two_trainings)
