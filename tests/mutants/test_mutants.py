"""Every mutant breaks code that is there, once, and names tests that are there."""

import re

import pytest

from tests.mutants.run import Mutant, all_mutants
from tests.project_copy import ROOT


@pytest.mark.parametrize("mutant", all_mutants(), ids=lambda mutant: mutant.name)
def test_what_it_breaks_stands_once_in_its_file_and_its_tests_are_there(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.before) == 1
    assert mutant.before != mutant.after
    assert [test for test in mutant.tests if not (ROOT / test.partition("::")[0]).exists()] == []


@pytest.mark.parametrize("mutant", all_mutants(), ids=lambda mutant: mutant.name)
def test_it_is_called_slow_where_its_tests_are(mutant: Mutant) -> None:
    places = [ROOT / test.partition("::")[0] for test in mutant.tests]
    texts = [place.read_text(encoding="utf-8") for place in places if place.is_file()]
    marks = [re.search(r"^pytestmark = .*pytest\.mark\.slow", text, re.MULTILINE) for text in texts]
    assert any(marks) == mutant.slow


def test_no_name_is_given_twice() -> None:
    names = [mutant.name for mutant in all_mutants()]
    assert len(names) == len(set(names))
