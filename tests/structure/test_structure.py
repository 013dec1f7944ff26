"""The structure checks find each breach in example modules, and the figures count them."""

from pathlib import Path

import pandas as pd

from tests.structure.figures import files_touched, p90_of_bodies, shared_names, size_figures
from tests.structure.limits import BODY_LINES, MODULE_LINES, breaches, equal_names
from tests.structure.modules import Module, parse_module
from tests.structure.row_path import holds_rows

SOUND = '''"""A module."""

import pandas as pd
from pyspark.sql import functions as F


class Shop:
    """A shop."""

    def __init__(self) -> None:
        self.name = ""

    def open(self) -> None:
        """Open it."""

        def inner():
            return F.lit(1)

        inner()


def _private():
    return pd.DataFrame()
'''


def module(text: str, path: str = "src/goldrun/invented.py") -> Module:
    return parse_module(Path(path), text)


def faults(text: str) -> list[str]:
    return list(breaches([module(text)]))


def test_a_sound_module_has_no_breach() -> None:
    assert faults(SOUND) == []


def test_a_module_may_have_the_most_lines_and_not_one_more() -> None:
    longest = '"""A module."""\n' + "x = 1\n" * (MODULE_LINES - 1)
    assert faults(longest) == []
    assert faults(longest + "x = 1\n") == [
        "src/goldrun/invented.py: 251 lines, at most 250: split the module"
    ]


def test_a_body_is_counted_without_its_docstring() -> None:
    docstring = '    """Do it.\n\n    At length.\n    """\n'
    longest = f'"""A module."""\n\n\ndef work() -> None:\n{docstring}' + "    x = 1\n" * BODY_LINES
    assert faults(longest) == []
    assert faults(longest + "    x = 1\n") == [
        "src/goldrun/invented.py:4: work has 41 lines, at most 40: split the function"
    ]


def test_a_long_method_and_a_long_nested_function_are_breaches() -> None:
    body = "            x = 1\n" * (BODY_LINES + 1)
    text = f'"""A module."""\n\n\nclass _Shop:\n    def work(self):\n        def inner():\n{body}'
    assert [line.split()[1] for line in faults(text)] == ["_Shop.work", "_Shop.work.inner"]


def test_public_names_need_docstrings_and_return_types() -> None:
    text = "class Shop:\n    def open(self):\n        pass\n\n\ndef work():\n    pass\n"
    where = "src/goldrun/invented.py"
    assert faults(text) == [
        f"{where}: invented has no docstring: add one",
        f"{where}: Shop has no docstring: add one",
        f"{where}:2: Shop.open has no docstring: add one",
        f"{where}:2: Shop.open has no return type: annotate it",
        f"{where}:6: work has no docstring: add one",
        f"{where}:6: work has no return type: annotate it",
    ]


def test_two_modules_of_tests_with_one_name_are_breaches() -> None:
    tests = [Path("tests/jobs/test_a.py"), Path("tests/io/test_a.py"), Path("tests/io/test_b.py")]
    assert list(equal_names(tests)) == [
        "tests/io/test_a.py: another module of tests has this name: rename one",
        "tests/jobs/test_a.py: another module of tests has this name: rename one",
    ]


def test_only_the_letters_of_pyspark_may_stand_for_a_module() -> None:
    text = '"""A module."""\nfrom goldrun.contracts import lineage as L\nx = L.FILE, L.OFFSET\n'
    assert faults(text) == ["src/goldrun/invented.py: imported as L: import the module by its name"]
    assert module(text).letter_references == 2
    assert module(SOUND).letters == ()


def test_the_ninetieth_percentile_is_that_of_all_bodies() -> None:
    text = "".join(f"def f{lines}():\n" + "    x = 1\n" * lines for lines in range(1, 20))
    assert p90_of_bodies(module(text).functions) == 18


def test_a_base_name_is_shared_by_three_modules_or_more_but_for_like_named_engines() -> None:
    folders = ("jobs/train", "learning", "features", "io/engines/sail", "io/engines/spark")
    rates = [module("", f"src/goldrun/{folder}/rates.py") for folder in folders[:3]]
    tables = [module("", f"src/goldrun/{folder}/tables.py") for folder in folders[2:]]
    assert shared_names([*rates, *tables]) == {"rates": 3}


def test_the_figures_of_a_sound_module_are_counts_of_it() -> None:
    figures = size_figures([module(SOUND)])
    assert figures["functions"] == "4"
    assert figures["modules with imports as one letter"] == "0"
    assert figures["base names of 3 modules or more"] == "0"


HOW_TO = """
1. A folder `src/goldrun/learning/<name>/` with the model:

       # src/goldrun/learning/<name>/model.py
       class Value: ...

2. `models/<name>.toml`, twice: models/<name>.toml

3. One line in `src/goldrun/learning/models.py`; as in `learning/churn/model.py`

       # tests/learning/test_value.py
"""


def test_a_how_to_touches_folders_and_files_once_each_without_tests() -> None:
    assert files_touched(HOW_TO) == [
        "src/goldrun/learning/<name>/",
        "models/<name>.toml",
        "src/goldrun/learning/models.py",
    ]


def test_rows_are_found_inside_collections_and_dataclasses() -> None:
    frame = pd.DataFrame()
    assert holds_rows(frame)
    assert holds_rows((1, [{"a": frame}]))
    assert not holds_rows([1, "a", {"a": 2}])
