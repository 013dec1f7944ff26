"""An attack: a change of lake, store or settings, and the refusal that a command must end in."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from mlflow import MlflowClient

from goldrun.registry.evidence import HASH_TAG, hash_of
from tests.attacks.shop import NAME, SOURCE
from tests.project_copy import Done, Project

LEDGER = "ops/promotions"
CHAMPION, CHALLENGER = 1, 2
TAKEN = "taken"
"""File that hostile options would make."""
Prepare = Callable[["Place"], object]
Run = Callable[["Place", tuple[str, ...]], Done]
"""Runs a script with its options."""


@dataclass(frozen=True)
class Place:
    """The shop that is attacked: its files, its store and its champion."""

    project: Project

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.project.store)

    def run_of(self, version: int) -> str:
        return str(self.client.get_model_version(NAME, str(version)).run_id)

    def alias(self, name: str = NAME) -> int | None:
        """Return the version of a model that has the alias ``champion``."""
        for model in self.client.search_registered_models(f"name='{name}'"):
            if "champion" in model.aliases:
                return int(model.aliases["champion"])
        return None

    def recorded(self, name: str = NAME) -> int | None:
        """Return the champion by the ledger as it is, read without goldrun."""
        path = self.project.lake / LEDGER
        if not path.exists():
            return None
        rows = DeltaTable(str(path)).to_pandas().sort_values("number")
        done = rows[(rows["state"] == "done") & (rows["model"] == name)]
        return None if done.empty else int(done["to_version"].iloc[-1])

    def artifacts(self, version: int) -> Path:
        """Return the folder of the artifacts of a version's run."""
        return Path(str(self.client.get_run(self.run_of(version)).info.artifact_uri))

    def model_files(self, version: int) -> Path:
        """Return the folder of a version's model."""
        source = str(self.client.get_model_version(NAME, str(version)).source)
        model = self.client.get_logged_model(source.removeprefix("models:/"))
        return Path(model.artifact_location.removeprefix("file://"))

    def tag(self, version: int, key: str, value: str) -> None:
        self.client.set_model_version_tag(NAME, str(version), key, value)

    def table(self, name: str) -> pd.DataFrame:
        return DeltaTable(str(self.project.lake / name)).to_pandas()

    def replace_table(self, name: str, rows: pd.DataFrame) -> None:
        """Write other rows as the next version of a table, as any Delta writer can."""
        path = str(self.project.lake / name)
        # Delta itself refuses to change the ledger, until its property is taken away.
        DeltaTable(path).alter.set_table_properties({"delta.appendOnly": "false"})
        content = pa.Table.from_pandas(rows, preserve_index=False)
        write_deltalake(path, content, mode="overwrite")

    def evidence(self, version: int) -> dict[str, Any]:
        """Return the evidence of a version, as its file has it."""
        text = (self.artifacts(version) / "evidence.json").read_text()
        content: dict[str, Any] = json.loads(text)
        return content

    def edit_evidence(self, version: int, tagged: bool = False, **values: object) -> None:
        """Edit the evidence of a version; also its tag if asked."""
        content = self.evidence(version)
        for key, value in values.items():
            content[key] = {**content[key], **value} if isinstance(value, dict) else value
        text = json.dumps(content, indent=2, sort_keys=True)
        (self.artifacts(version) / "evidence.json").write_text(text)
        if tagged:
            self.tag(version, HASH_TAG, hash_of(text))


def by_script(place: Place, command: tuple[str, ...]) -> Done:
    """Run a script as a person does, in a shell without other variables."""
    return place.project.script(*command)


@dataclass(frozen=True)
class Attack:
    """An attack and the refusal that it must end in.

    Attributes:
        name: What is done, in a few words.
        prepare: Does it.
        reason: Regular expression that the command's output contains.
        command: The script and its options.
        codes: Exit codes of a refusal.
        model: Registered name of the model whose champion is attacked.
        run: Runs the command.
        then: The next command, for an attack that may come when the alias has moved already: after
            it alias and ledger agree. Without it the champion must be the one before.
    """

    name: str
    prepare: Prepare
    reason: str
    command: tuple[str, ...] = ("promote", SOURCE)
    codes: tuple[int, ...] = (9, 10, 11, 16, 17, 23)
    model: str = NAME
    run: Run = by_script
    then: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What became of an attack: the refusal's line, and what is wrong with it, if anything."""

    attack: Attack
    line: str
    wrong: str


def carry_out(place: Place, attack: Attack) -> Result:
    """Prepare an attack, run its command, and check its refusal and that the champion stays."""
    attack.prepare(place)
    before = _champions(place, attack)
    done = attack.run(place, attack.command)
    wrong = _disagreement(place, attack) if attack.then else _movement(place, attack, before)
    if (place.project.folder / TAKEN).exists():
        wrong = f"{TAKEN} was made: a command within an option was run"
    return Result(attack, line_of(done, attack.reason), wrong or _unlike(done, attack))


def _champions(place: Place, attack: Attack) -> tuple[int | None, int | None]:
    """Return the champion by the alias and by the ledger."""
    return place.alias(attack.model), place.recorded(attack.model)


def _movement(place: Place, attack: Attack, before: tuple[int | None, int | None]) -> str:
    after = _champions(place, attack)
    return f"the champion moved from {before} to {after}" if after != before else ""


def _disagreement(place: Place, attack: Attack) -> str:
    """Run the next command; describe how alias and ledger differ after it, empty if they don't."""
    done = place.project.script(*attack.then)
    alias, recorded = _champions(place, attack)
    if done.code or alias != recorded:
        return f"after the next command (exit code {done.code}) {alias} and {recorded} are champion"
    return ""


def _unlike(done: Done, attack: Attack) -> str:
    if done.code not in attack.codes:
        return f"exit code {done.code}"
    return "" if re.search(attack.reason, done.output) else f"no line has {attack.reason!r}"


def line_of(done: Done, reason: str) -> str:
    """Return the line of the refusal, or the last one."""
    lines = [line.strip() for line in done.output.splitlines() if line.strip()]
    found = [line for line in lines if re.search(reason, line)]
    return (found or lines or [""])[-1]
