"""Every mutant changes text that occurs once, and names existing tests."""

import re

import pytest

from tests.mutants.run import Mutant, all_mutants
from tests.project_copy import ROOT


@pytest.mark.parametrize("mutant", all_mutants(), ids=lambda mutant: mutant.name)
def test_the_text_of_a_mutant_occurs_once_and_its_tests_exist(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.before) == 1
    assert mutant.before != mutant.after
    assert [test for test in mutant.tests if not (ROOT / test.partition("::")[0]).exists()] == []


@pytest.mark.parametrize("mutant", all_mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_is_slow_if_its_tests_are(mutant: Mutant) -> None:
    places = [ROOT / test.partition("::")[0] for test in mutant.tests]
    texts = [place.read_text(encoding="utf-8") for place in places if place.is_file()]
    marks = [re.search(r"^pytestmark = .*pytest\.mark\.slow", text, re.MULTILINE) for text in texts]
    assert any(marks) == mutant.slow


def test_names_of_mutants_are_unique() -> None:
    names = [mutant.name for mutant in all_mutants()]
    assert len(names) == len(set(names))
