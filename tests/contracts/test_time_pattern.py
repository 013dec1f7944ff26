"""Patterns of times: the letters that are read, and what is refused with what to write instead."""

import re

import pytest

from goldrun.contracts.time_pattern import layouts_of
from goldrun.contracts.zones import abbreviations_of, far_offset


@pytest.mark.parametrize(
    ("pattern", "kept", "refused"),
    [
        ("dd/MM/yyyy", ["01/12/2010"], ["1/12/2010", "01/13/2010", "32/01/2010", "01/12/10"]),
        ("d/M/yy", ["1/12/10", "01/12/10", "1/2/10"], ["1/12/2010", "001/12/10"]),
        ("d MMM yyyy", ["1 Dec 2010", "1 DEC 2010", "1\u00a0dec 2010"], ["1 December 2010"]),
        ("d MMMM yyyy", ["1 December 2010", "1 may 2010"], ["1 Dec 2010", "1 Decembre 2010"]),
        (
            "yyyy-MM-dd h:mm a",
            ["2010-12-01 8:26 PM", "2010-12-01 8:26\u202fpm"],
            ["2010-12-01 8:26"],
        ),
        ("yyyyMMdd HHmmssSSS", ["20101201 082600123", "20101201 0826001"], ["20101201 082600"]),
        ("yyyy-MM-dd'T'HH:mm''", ["2010-12-01T08:26'"], ["2010-12-01 08:26'"]),
        ("yyyy-MM-dd HH:mmX", ["2010-12-01 08:26Z", "2010-12-01 08:26+05"], ["2010-12-01 08:26"]),
        ("yyyy-MM-dd HH:mmxxx", ["2010-12-01 08:26+05:30"], ["2010-12-01 08:26Z"]),
        ("yyyy-MM-dd HH:mm VV", ["2010-12-01 08:26 Europe/Paris"], ["2010-12-01 08:26 BST"]),
    ],
)
def test_a_pattern_matches_what_it_says_and_nothing_else(
    pattern: str, kept: list[str], refused: list[str]
) -> None:
    (layout,) = layouts_of(pattern)
    regex = re.compile(layout.regex.replace(r"\z", r"\Z"))
    assert [text for text in kept if not regex.match(text)] == []
    arabic = "\u0660\u0661/\u0661\u0662/\u0662\u0660\u0661\u0660"
    assert [text for text in [*refused, arabic] if regex.match(text)] == []


def test_an_optional_part_is_there_or_is_not() -> None:
    found = layouts_of("yyyy-MM-dd[ HH:mm[:ss]][XXX]")
    assert [sorted(set(layout.groups) - {"year", "month", "day"}) for layout in found] == [
        ["hour", "minute", "second", "zone"],
        ["hour", "minute", "second"],
        ["hour", "minute", "zone"],
        ["hour", "minute"],
        [],
    ]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("YYYY-MM-dd", "the year of a week: write yyyy"),
        ("EEE dd MMM yyyy", "the name of a weekday"),
        ("yyyy-DDD", "the day of a year"),
        ("yyyy-MM-dd T HH:mm", "text must be in quotes"),
        ("yyyyy-MM-dd", "write one of"),
        ("HH:mm", "has no year"),
        ("dd yyyy", "has a day without a month"),
        ("yyyy-MM-dd mm:ss", "has a minute without a hour"),
        ("yyyy-MM-dd hh:mm", "write HH for hours of 0 to 23"),
        ("yyyy-MM-dd HH:mm a", "write hh for hours of 1 to 12"),
        ("yyyy-MM-dd yyyy", "has the year twice"),
        ("dMyyyy", "can be read in two ways"),
        ("yyyy-MM-dd [HH:mm", "has a \\[ without its \\]"),
        ("yyyy-MM-dd] HH:mm", "has a \\] without its \\["),
        ("yyyy-MM-dd {", "must be in quotes"),
        ("[yyyy]" * 9, "too many optional parts"),
        ("", "has no year"),
    ],
)
def test_a_pattern_that_names_no_time_is_refused_with_what_to_write(
    pattern: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        layouts_of(pattern)


def test_a_zone_has_abbreviations_of_its_own() -> None:
    assert abbreviations_of("Europe/London")["BST"] == (60,)
    assert abbreviations_of("America/New_York")["EDT"] == (-240,)
    assert "IST" not in abbreviations_of("Europe/London")
    assert abbreviations_of("Asia/Kolkata")["IST"] == (330,)
    assert far_offset("America/New_York") == -5 * 3600
