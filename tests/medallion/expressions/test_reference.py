"""The reference of the mapping language equals the function table."""

from pathlib import Path

from goldrun.medallion.expressions.reference import page
from goldrun.medallion.expressions.refused import REFUSED
from goldrun.medallion.expressions.table import ALIASES, FUNCTIONS

WRITTEN = Path(__file__).parents[3] / "docs" / "reference" / "mapping-language.md"


def test_the_page_equals_the_function_table() -> None:
    is_true = WRITTEN.is_file() and WRITTEN.read_text(encoding="utf-8") == page()
    assert is_true, "docs/reference/mapping-language.md is out of date: run make docs"


def test_a_name_is_either_a_function_an_alias_or_refused() -> None:
    names = [*FUNCTIONS, *ALIASES, *REFUSED]
    assert len(names) == len(set(names))
    assert set(ALIASES.values()) <= set(FUNCTIONS)
