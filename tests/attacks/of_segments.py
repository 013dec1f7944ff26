"""Three segments in the place of seven, which the champion still has."""

import re

from tests.attacks.attack import Attack, Place
from tests.attacks.shop import SOURCE, must

_FILE = "models/segmentation.toml"
_LENIENT = {"min_stability": "0.3", "min_share": "0.01"}


def _segments(place: Place, number: int) -> None:
    """Set how many segments there are, and let that many be stable and large enough."""
    file = place.project.folder / _FILE
    text = file.read_text()
    for key, value in {"k_min": str(number), "k_max": str(number), **_LENIENT}.items():
        text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert found == 1
    file.write_text(text)


def _seven_then_three(place: Place) -> None:
    _segments(place, 7)
    must(place.project.script("segmentation", SOURCE))
    _segments(place, 3)


ATTACKS = (
    Attack(
        "three segments for seven",
        _seven_then_three,
        r"its segments agree with those of champion version 1 by .*, below 0\.8",
        ("segmentation", SOURCE),
        codes=(23,),
        model="shop-segmentation",
    ),
)
