"""With any fault in a shop, its lake or its models, a command is right or fails by name."""

import random
import shutil
from pathlib import Path

import pytest

from goldrun.io.engines.base import Engine
from tests.fuzz.breaks import GROUPS, Break
from tests.fuzz.fuzz import Template, template, wrong_of
from tests.fuzz.shop import Shop
from tests.project_copy import ROOT, Project

FAST = {
    "toml: 'path = \"in/*.csv*\"' becomes 'path = \"\"'",
    "toml: nested without end",
    "toml: columns that are a list",
    "file: a link to itself",
    "file: a file for a folder",
    "file: a header with a quote",
    "file: gzip with rubbish behind it",
}
"""Faults whose commands end within a second: they run with the fast tests."""


ALL = [each for group in GROUPS.values() for each in group]


@pytest.fixture(scope="module")
def whole(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Template:
    return template(engine, tmp_path_factory.mktemp("template") / "shop")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "broken"), [pytest.param(n, b, id=f"{n}-{b.name[:60]}") for n, b in enumerate(ALL)]
)
def test_a_command_is_right_or_names_place_and_remedy(
    engine: Engine, whole: Template, tmp_path: Path, seed: int, broken: Break
) -> None:
    wrong, ended = wrong_of(engine, whole, broken, tmp_path / "shop", seed)
    assert not wrong, ended[-1].output


def test_each_fault_of_a_model_changes_its_settings(tmp_path: Path) -> None:
    shop, shipped = Shop(tmp_path), ROOT / "models"
    for broken in GROUPS["models"]:
        shutil.copytree(shipped, tmp_path / "models", dirs_exist_ok=True)
        broken.apply(shop, random.Random(0))
        names = ("churn", "segmentation")
        texts = {name: (shipped / f"{name}.toml").read_text() for name in names}
        assert {name: shop.model(name).read_text() for name in names} != texts, broken.name


def test_a_fault_before_the_first_read_is_named(engine: Engine, tmp_path: Path) -> None:
    known = {each.name: each for each in ALL}
    for number, name in enumerate(sorted(FAST)):
        nowhere = Template(tmp_path)
        wrong, ended = wrong_of(engine, nowhere, known[name], tmp_path / str(number), 0)
        assert not wrong, (name, ended[-1].output)
        assert ended[-1].code, name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "code", "named"),
    [
        ("--lake=README.md", 14, "can't be used as a lake"),
        ("--lake=/dev/null/lake", 14, "can't be used as a lake"),
        ("--source=nothing.toml", 2, "no file nothing.toml"),
        (f"--source={'x' * 3000}.toml", 2, "no file"),
    ],
)
def test_a_real_command_with_a_wrong_option_ends_without_a_traceback(
    project: Project, option: str, code: int, named: str
) -> None:
    done = project.script("bronze", option)
    assert done.code == code, done.output
    assert named in done.output
    assert "Traceback" not in done.output
