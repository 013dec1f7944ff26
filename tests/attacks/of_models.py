"""Attacks on the files of models, with records that agree with them, and on memory."""

from functools import partial

from skops import io as skops_io

from goldrun.io.tracking.trusted_types import TRUSTED_TYPES
from tests.attacks.attack import CHALLENGER, CHAMPION, Attack, Place
from tests.attacks.forged_model import (
    ENDLESS,
    claim_numbers,
    hold_zeros,
    record_again,
    replace_first_array,
)
from tests.attacks.shop import SOURCE
from tests.project_copy import Done

_LIMIT = 12 << 30
_LARGE = 8 << 30


def _negate(version: int, place: Place) -> None:
    """Negate what each tree of a model says, so that its best customers become its worst."""
    file = place.model_files(version) / "model.skops"
    model = skops_io.load(file, trusted=sorted(TRUSTED_TYPES))
    for iteration in model[-1]._predictors:
        for tree in iteration:
            tree.nodes["value"] *= -1
    skops_io.dump(model, file)


def _negate_and_record(version: int, place: Place) -> None:
    _negate(version, place)
    record_again(place, version)


def _link_to_champion(place: Place) -> None:
    """Put a link to the champion's model in the place of the challenger's."""
    file = place.model_files(CHALLENGER) / "model.skops"
    file.unlink()
    file.symlink_to(place.model_files(CHAMPION) / "model.skops")


def _claim(place: Place) -> None:
    file = place.model_files(CHALLENGER) / "model.skops"
    replace_first_array(file, claim_numbers(ENDLESS))
    record_again(place, CHALLENGER)


def _inflate(place: Place) -> None:
    file = place.model_files(CHALLENGER) / "model.skops"
    replace_first_array(file, hold_zeros(_LARGE))
    record_again(place, CHALLENGER)


def _with_little_memory(place: Place, command: tuple[str, ...]) -> Done:
    """Run a command that the system gives no more memory than the limit."""
    name, *options = command
    limited = ("prlimit", f"--as={_LIMIT}", "env", "PYTHONPATH=src:.")
    return place.project.run(*limited, "python", f"pipelines/{name}.py", *options)


ATTACKS = (
    Attack(
        "the champion's model negated",
        partial(_negate, CHAMPION),
        "can't be compared with the champion.*model.skops has changed",
    ),
    Attack(
        "the champion's model negated, its records written anew",
        partial(_negate_and_record, CHAMPION),
        "can't be compared with the champion.*evidence.json .* has changed",
    ),
    Attack(
        "the challenger's model negated, its records written anew",
        partial(_negate_and_record, CHALLENGER),
        "no longer predicts what",
    ),
    # MLflow itself hands out no file that a link leads out of the model's folder to.
    Attack(
        "a link to the champion's model",
        _link_to_champion,
        "MLflow .*failures occurred while downloading",
    ),
    Attack("a model with an array of 8 TB", _claim, "needs more memory than there is", codes=(11,)),
    Attack(
        "a model of 8 GB where there are 12",
        _inflate,
        "model.skops unpacks to .* of memory, and there are",
        ("promote", SOURCE),
        codes=(11,),
        run=_with_little_memory,
    ),
)
