"""The commands: entry points, exit codes, and error messages."""

import importlib
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from goldrun.jobs.context import Context
from tests.project_copy import ROOT, Project

ENTRY_POINTS: dict[str, Any] = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
EQUAL = "same rows with the same settings as champion version 1"
"""Why the gate refuses what is trained after the workflow."""
REFUSALS = {
    **dict.fromkeys(("churn", "segmentation", "train"), EQUAL),
    "rollback": "champions by the ledger: 1",
}
"""What the commands say that end with an error after a workflow, by name."""
NEEDED = {
    "train": ("model=churn",),
    "promote": ("dry_run=true",),
    "rollback": ("reason=a test",),
    "stream": ("max_rows=50", "lake=stream-lake"),
    "erase": ("customer_id=12347", "lake=erased-lake"),
    "propose": ("path=data/online_retail", "name=proposed"),
    "explain": ("rule=customer_id_missing",),
}
"""Parameters that commands need beside their defaults, by name."""
BY_THEMSELVES = [name for name in ENTRY_POINTS if name != "main"]


def command_of(name: str) -> list[str]:
    entry = ENTRY_POINTS[name]
    # A parameter without a default, such as the customer to erase, has to be given.
    values = {k: v.get("default", "somebody") for k, v in entry["parameters"].items()}
    defaults = {k: shlex.quote(str(value)) for k, value in values.items()}
    return shlex.split(entry["command"].format(**defaults))


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_every_entry_point_passes_exactly_its_scripts_options(name: str) -> None:
    command = command_of(name)
    script = importlib.import_module(f"pipelines.{name}")
    taken = {flag for action in script.options()._actions for flag in action.option_strings}
    given = {word.split("=")[0] for word in command if word.startswith("--")}
    assert f"pipelines/{name}.py" in command
    assert given == taken - {"-h", "--help"}
    # The script accepts the defaults in MLproject.
    script.options().parse_args([word for word in command if word.startswith("--")])


@pytest.mark.slow
def test_churn_runs_by_itself_as_documented_in_the_readme(
    project: Project, retail: Context
) -> None:
    done = project.run(
        *("mlflow", "run", ".", "--env-manager", "local", "-e", "churn"),
        *("--experiment-name", "goldrun-churn", "-P", "as_of=2011-09-10"),
    )
    # The workflow has promoted a model of the same rows, and the gate refuses an equal one.
    assert done.code == 1, done.output
    assert EQUAL in done.output
    client = retail.tracker.client
    newest = client.get_model_version_by_alias("online_retail-churn", "challenger")
    run = client.get_run(str(newest.run_id))
    # The run that `mlflow run` creates is the training run itself.
    assert run.data.tags["mlflow.project.entryPoint"] == "churn"
    assert run.data.params["as_of"] == "2011-09-10"
    assert run.data.metrics["auc"] > 0.73


def test_a_misspelt_key_in_the_toml_ends_with_code_2_and_a_suggestion(
    project: Project, tmp_path: Path
) -> None:
    text = (ROOT / "pipelines/sources/online_retail.toml").read_text()
    wrong = tmp_path / "shop.toml"
    wrong.write_text(text.replace("max_reject_share", "max_reject_shar"))
    done = project.script("bronze", f"--source={wrong}", f"--lake={tmp_path}/lake")
    assert done.code == 2
    assert "max_reject_shar'" in done.output
    assert "did you mean 'max_reject_share'" in done.output
    assert not (tmp_path / "lake").exists()


def test_an_invalid_date_ends_with_code_2(project: Project) -> None:
    done = project.script("gold", "--as-of=2011-13-01")
    assert done.code == 2
    assert "2011-13-01" in done.output


@pytest.mark.usefixtures("retail")
@pytest.mark.slow
def test_a_date_without_its_label_window_ends_with_code_7_and_the_latest_possible_one(
    project: Project,
) -> None:
    done = project.script("churn", "--as-of=2011-10-01")
    assert done.code == 7
    assert "2011-09-10" in done.output
    assert "Traceback" not in done.output


@pytest.mark.slow
def test_a_lake_that_another_process_writes_ends_with_code_5(
    project: Project, tmp_path: Path
) -> None:
    lock = tmp_path / "lake" / "bronze" / ".transactions.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        done = project.script("bronze", f"--lake={tmp_path}/lake")
    assert done.code == 5
    assert "another process" in done.output
    assert [p.name for p in lock.parent.iterdir() if not p.name.startswith(".")] == []


@pytest.mark.slow
@pytest.mark.usefixtures("retail")
@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_every_entry_point_runs_by_itself(project: Project, name: str) -> None:
    if name == "erase":
        shutil.copytree(project.lake, project.folder / "erased-lake")
    given = [word for option in NEEDED.get(name, ()) for word in ("-P", option)]
    done = project.run("mlflow", "run", ".", "--env-manager", "local", "-e", name, *given)
    refusal = REFUSALS.get(name, "")
    assert done.code == bool(refusal), done.output
    assert refusal in done.output


@pytest.mark.slow
@pytest.mark.usefixtures("retail")
def test_the_default_environment_manager_creates_its_own_environment(
    project: Project, tmp_path: Path
) -> None:
    done = project.run(
        *("env", f"MLFLOW_ENV_ROOT={tmp_path}/envs", "mlflow", "run", ".", "-e", "gold")
    )
    assert done.code == 0, done.output
    (made,) = (tmp_path / "envs").iterdir()
    listed = subprocess.run(
        [made / "bin" / "python", "-m", "pip", "list"], capture_output=True, text=True, check=True
    ).stdout
    assert "pyspark" in listed
    assert "pytest" not in listed
