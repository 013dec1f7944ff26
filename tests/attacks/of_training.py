"""Attacks on data, settings and options before a training or a promotion."""

from datetime import date
from functools import partial
from pathlib import Path

from deltalake import DeltaTable

from tests.attacks.attack import CHALLENGER, CHAMPION, Attack, Place
from tests.attacks.shop import SOURCE, must, write

_TRAIN = ("churn", SOURCE)
_HARMLESS = (2, 9, 10, 15)
_HOSTILE = {
    "a semicolon": "churn; touch taken",
    "a command substitution": "$(touch taken)",
    "a newline": "churn\ntouch taken",
    "quotes": "churn' ; touch taken ; '",
    "a leading dash": "--help; touch taken",
    "a path": "../../models/churn",
}
"""Names of a model that a shell, an option parser or a file system could take for more."""


def _setting(file: str, before: str, after: str, place: Place) -> None:
    path = place.project.folder / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def _delete_rows(place: Place) -> None:
    DeltaTable(str(place.project.lake / "silver/transactions")).delete("customer_id < 'c3'")


def _silver_without_gold(place: Place) -> None:
    write(place.project, "third", [(date(2025, 2, 26), "c1", "9.00")])
    for command in ("bronze", "silver"):
        must(place.project.script(command, SOURCE))


def _nothing(_: Place) -> None:
    """Leave the shop as it is: the command itself is the attack."""


def _old_run(place: Place) -> None:
    path = Path("pipelines/_command.py")
    text = (place.project.folder / path).read_text()
    first, rest = text.split("import argparse\n", 1)
    run = f'import os\n\nos.environ["MLFLOW_RUN_ID"] = "{place.run_of(CHAMPION)}"\n'
    (place.project.folder / path).write_text(f"{first}import argparse\n{rest}\n{run}")


ATTACKS = (
    Attack(
        "an older test date",
        _nothing,
        "is before that of champion version 1",
        ("churn", SOURCE, "--as-of=2024-12-20"),
    ),
    Attack(
        "another horizon",
        partial(_setting, "models/churn.toml", "horizon_days = 30", "horizon_days = 14"),
        "churned within 14 days, and champion version 1 churned within 30 days",
        _TRAIN,
    ),
    Attack(
        "a looser limit of data quality",
        partial(_setting, "pipelines/sources/shop.toml", "share = 0.2", "share = 1.0"),
        "max_reject_share was 0.2 for champion version 1 and is 1",
        _TRAIN,
    ),
    Attack(
        "a looser limit of drift",
        partial(_setting, "models/churn.toml", "max_psi = 10.0", "max_psi = 99.0"),
        "max_psi was 10 for champion version 1 and is 99",
        _TRAIN,
    ),
    Attack("rows of silver deleted", _delete_rows, "lost", _TRAIN, codes=(21,)),
    Attack(
        "silver newer than gold",
        _silver_without_gold,
        "gold was computed from version",
        _TRAIN,
    ),
    Attack(
        "a run that has a version already", _old_run, "has registered shop-churn version 1", _TRAIN
    ),
    Attack(
        "forced without a reason",
        _nothing,
        "give the reason",
        ("promote", SOURCE, "--force=true"),
        codes=(2,),
    ),
    Attack(
        "adopted without a reason",
        _nothing,
        "give the reason",
        ("promote", SOURCE, "--adopt=true", f"--version={CHALLENGER}"),
        codes=(2,),
    ),
    Attack(
        "rolled back to a version that never was champion",
        _nothing,
        "version 2 was never champion",
        ("rollback", SOURCE, f"--to={CHALLENGER}", "--reason=x"),
        codes=(2,),
    ),
    *(
        Attack(
            f"a model's name with {what}",
            _nothing,
            "write one of churn, segmentation",
            ("promote", SOURCE, f"--model={name}"),
            codes=_HARMLESS,
        )
        for what, name in _HOSTILE.items()
    ),
    Attack(
        "a version that is no number",
        _nothing,
        "is not the number of a version",
        ("promote", SOURCE, "--version=2; touch taken"),
        codes=(2,),
    ),
    Attack(
        "scores written into the lake",
        _nothing,
        "lake",
        ("score", SOURCE, "--csv=lake/gold/scores.csv"),
        codes=(2,),
    ),
)
