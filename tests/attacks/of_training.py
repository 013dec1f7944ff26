"""Attacks on data, settings and options before a training or a promotion."""

import random
from datetime import date
from functools import partial
from pathlib import Path

from deltalake import DeltaTable

from tests.attacks.attack import CHALLENGER, CHAMPION, Attack, Place
from tests.attacks.shop import HORIZON_DAYS, SOURCE, must, orders_of, prepare, write
from tests.project_copy import Done

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


def _delete_quarantined(place: Place) -> None:
    write(place.project, "unpriced", [(date(2025, 2, 20), "c1", "") for _ in range(20)])
    prepare(place.project)
    quarantine = DeltaTable(str(place.project.lake / "silver/quarantine"))
    assert quarantine.count() == 20
    quarantine.delete()


def look_ahead(place: Place) -> None:
    """Export all orders again, with an amount that was computed from what came later."""
    orders = sorted(orders_of(random.Random(7)))
    later: dict[str, date] = {}
    amounts = []
    for day, who, _ in reversed(orders):
        waits = (later[who] - day).days if who in later else 999
        amounts.append("900.00" if waits > HORIZON_DAYS else "1.00")
        later[who] = day
    leaking = [(d, w, a) for (d, w, _), a in zip(orders, reversed(amounts), strict=True)]
    write(place.project, "leak", leaking, ids="first")
    file = place.project.folder / "models/churn.toml"
    file.write_text(
        file.read_text().replace("features = [", 'features = ["avg_transaction_value", ')
    )
    prepare(place.project)


def _by_mlflow(place: Place, command: tuple[str, ...]) -> Done:
    """Run an entry point of the project, its parameters given with -P."""
    name, *parameters = command
    given = [text for parameter in parameters for text in ("-P", parameter)]
    return place.project.run("mlflow", "run", ".", "--env-manager", "local", "-e", name, *given)


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
    Attack("rows of quarantine deleted", _delete_quarantined, "lost", _TRAIN, codes=(21,)),
    Attack("a look-ahead feature", look_ahead, "too good to be true", _TRAIN),
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
    *(
        Attack(
            f"-P model with {what}",
            _nothing,
            "write one of churn, segmentation",
            ("promote", "source=shop", f"model={name}"),
            codes=(1,),
            run=_by_mlflow,
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
