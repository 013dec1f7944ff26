"""Six ways in which a model must not become champion, for ``make demo-refusal``."""

from datetime import date

from tests.attacks import of_evidence, of_registry, of_training
from tests.attacks.attack import Attack, Place
from tests.attacks.shop import SOURCE, prepare, write

_TRAIN = ("churn", SOURCE)


def _bad_rows(place: Place) -> None:
    """Add as many rows without a price as a broken export has."""
    write(place.project, "broken", [(date(2025, 2, 20), "c1", "") for _ in range(3_000)])
    prepare(place.project)


def _drifted(place: Place) -> None:
    """Add a month in which every other customer buys every day, and let drift block a promotion."""
    rows = [
        (date(2025, 2, 26 + day), f"c{customer}", "9.00")
        for day in range(3)
        for customer in range(250)
    ]
    write(place.project, "sale", rows)
    file = place.project.folder / "models/churn.toml"
    file.write_text(
        f'drift = "block"\n{file.read_text().replace("max_psi = 10.0", "max_psi = 0.05")}'
    )
    prepare(place.project)


def _named(name: str, attacks: tuple[Attack, ...]) -> Attack:
    return next(attack for attack in attacks if attack.name == name)


DEMO = (
    Attack("bad rows", _bad_rows, "quarantined", _TRAIN, codes=(21,)),
    Attack("a drifted month", _drifted, "features have drifted", _TRAIN),
    Attack("a leaked feature", of_training.look_ahead, "too good to be true", _TRAIN),
    _named("NaN for a number", of_evidence.ATTACKS),
    _named("alias moved by hand", of_registry.ATTACKS),
    _named("an entry of the ledger changed", of_registry.ATTACKS),
)
