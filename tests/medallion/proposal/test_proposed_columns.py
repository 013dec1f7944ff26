import pandas as pd
import pytest

from goldrun.medallion.proposal.mapping import propose_section
from goldrun.medallion.proposal.profile import Writing, decimal_text, profile


def writing_of(**columns: list[str]) -> dict[str, Writing | None]:
    return {name: each.writing for name, each in profile(pd.DataFrame(columns)).items()}


@pytest.mark.parametrize(
    ("texts", "writing"),
    [
        (["1", "2.5"], Writing.PLAIN),
        (["1,234", "12"], Writing.THOUSANDS),
        (["1,234.50", "12"], Writing.THOUSANDS),
        (["1,5", "12"], Writing.COMMA),
        (["1.234,50", "12"], Writing.COMMA),
        (["0,435", "2"], Writing.COMMA),
        (["-0,435", "2"], Writing.COMMA),
        (["four", "2"], None),
    ],
)
def test_numbers_are_read_as_they_are_written(texts: list[str], writing: Writing | None) -> None:
    assert writing_of(x=texts) == {"x": writing}


def test_three_digits_after_a_comma_are_decimals_in_a_file_with_decimal_commas() -> None:
    found = writing_of(pieces=["2,500", "1,000"], price=["1,99", "3,20"], total=["4,98", "3,20"])
    assert set(found.values()) == {Writing.COMMA}


def test_a_file_may_have_both_where_the_digits_say_so() -> None:
    found = writing_of(pieces=["1,234,500", "1,000"], price=["1,99", "3,20"])
    assert found == {"pieces": Writing.THOUSANDS, "price": Writing.COMMA}


def test_decimal_text_has_a_point() -> None:
    texts = pd.Series(["2,500", "1,5"])
    column = profile(pd.DataFrame({"x": texts}))["x"]
    assert decimal_text(texts, column).tolist() == ["2.500", "1.5"]


@pytest.mark.parametrize("name", ["Bestellt am", "x", "c7"])
def test_the_only_column_of_times_is_that_of_the_purchase(name: str) -> None:
    texts = pd.DataFrame({name: ["03.05.2024 14:22", "31.05.2024 09:00"], "Kunde": ["a", "b"]})
    section = propose_section("transactions", profile(texts), texts)
    assert section.columns["transaction_date"].expression.strip("`") == name
    assert section.formats == ("d.M.yyyy H:mm",)


def test_of_several_columns_of_times_none_is_taken_without_its_name() -> None:
    texts = pd.DataFrame({"x": ["2024-05-03", "2024-05-31"], "y": ["2024-06-03", "2024-06-30"]})
    section = propose_section("transactions", profile(texts), texts)
    assert "time of purchase" in section.columns["transaction_date"].question
