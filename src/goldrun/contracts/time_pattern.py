"""Convert Spark patterns of times to regular expressions with equal matches in every engine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
"""Four digits; there is no year 0."""
OFFSET = r"[+-](?:0[0-9]|1[0-7]):[0-5][0-9]|[+-]18:00"
"""An offset from UTC as ISO 8601 writes it: ``+02:00``; none is larger than 18 hours."""
_BASIC = OFFSET.replace(":[0-5]", "[0-5]").replace("18:00", "1800")
_HOURS = r"[+-](?:0[0-9]|1[0-8])"
_LOOSE = rf"[+-](?:0?[0-9]|1[0-7])(?::[0-5][0-9])?|{_BASIC}|[+-]18(?::00)?"
REGION = r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+"
ABBREVIATION = r"[A-Z]{3,5}"
ANY_ZONE = rf"Z|(?:UTC|GMT)?(?:{_LOOSE})|{REGION}|{ABBREVIATION}"
"""Zones after a time of ISO 8601: offsets, regions and abbreviations."""
_MOST_LAYOUTS = 32
_MOST_DIGITS = 9
_RESERVED = "{}#"
_SPACE = r"[\t \u00a0\u2000-\u200a\u202f\u205f\u3000]"
"""A space of a pattern stands for one space of any kind."""


def _any_case(*words: str) -> str:
    """Return a regular expression for words in upper, lower or mixed case.

    It lists both cases of each letter, because the flags of the engines differ in Unicode.
    """
    return "|".join("".join(f"[{c.upper()}{c.lower()}]" for c in word) for word in words)


_Numbers = dict[int, str]
_YEAR = {1: YEAR, 2: "[0-9]{2}", 4: YEAR}
_MONTH = {
    1: "1[0-2]|0?[1-9]",
    2: "1[0-2]|0[1-9]",
    3: _any_case(*[month[:3] for month in MONTHS]),
    4: _any_case(*MONTHS),
}
_SIXTY = {1: "[1-5][0-9]|0?[0-9]", 2: "[0-5][0-9]"}
_TWELVE = {1: "1[0-2]|0?[1-9]", 2: "1[0-2]|0[1-9]"}
_LETTERS: dict[str, tuple[str, _Numbers]] = {
    "y": ("year", _YEAR),
    "u": ("year", _YEAR),
    "M": ("month", _MONTH),
    "L": ("month", _MONTH),
    "d": ("day", {1: "[12][0-9]|3[01]|0?[1-9]", 2: "[12][0-9]|3[01]|0[1-9]"}),
    "H": ("hour", {1: "1[0-9]|2[0-3]|0?[0-9]", 2: "[01][0-9]|2[0-3]"}),
    "k": ("hour", {1: "1[0-9]|2[0-4]|0?[1-9]", 2: "1[0-9]|2[0-4]|0[1-9]"}),
    "h": ("hour", _TWELVE),
    "K": ("hour", {1: "1[01]|0?[0-9]", 2: "1[01]|0[0-9]"}),
    "m": ("minute", _SIXTY),
    "s": ("second", _SIXTY),
    "S": ("fraction", {n: f"[0-9]{{1,{n}}}" for n in range(1, _MOST_DIGITS + 1)}),
    "a": ("half", {1: _any_case("AM", "PM")}),
    "V": ("zone", {2: rf"Z|UTC|GMT|(?:UTC|GMT)?(?:{OFFSET})|{REGION}"}),
    "z": ("zone", dict.fromkeys((1, 2, 3), rf"Z|{REGION}|{ABBREVIATION}")),
    "O": ("zone", {1: rf"GMT(?:{_LOOSE})?", 4: rf"GMT(?:{OFFSET})?"}),
    "X": (
        "zone",
        {
            **{1: rf"Z|{_BASIC}|{_HOURS}", 2: rf"Z|{_BASIC}", 3: rf"Z|{OFFSET}"},
            **{4: rf"Z|{_BASIC}", 5: rf"Z|{OFFSET}"},
        },
    ),
    "x": ("zone", {1: rf"{_BASIC}|{_HOURS}", 2: _BASIC, 3: OFFSET, 4: _BASIC, 5: OFFSET}),
    "Z": (
        "zone",
        {
            **dict.fromkeys((1, 2, 3), _BASIC),
            **{4: rf"GMT(?:{OFFSET})?", 5: rf"Z|{OFFSET}"},
        },
    ),
}
_INSTEAD = {
    "Y": "the year of a week: write yyyy",
    "D": "the day of a year: write it as month and day, MM and dd",
    "E": "the name of a weekday: leave it out by an expression, such as substr(at, 6)",
    "e": "the number of a weekday: leave it out by an expression",
    "w": "a week: write dates as yyyy-MM-dd",
    "W": "a week: write dates as yyyy-MM-dd",
    "G": "an era: leave it out",
    "n": "nanoseconds: write the fraction of a second as SSSSSSSSS",
    "B": "a part of the day: write a for AM and PM",
}
_TOKEN = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)", re.DOTALL)


@dataclass(frozen=True)
class _Part:
    """A field of a pattern, or the text between two fields, which has no letters."""

    letters: str
    regex: str

    @property
    def field(self) -> str:
        return _LETTERS[self.letters[0]][0]

    @property
    def varies(self) -> bool:
        """Whether it is a number whose count of digits varies."""
        return self.letters in ("M", "L", "d", "H", "k", "h", "K", "m", "s") or (
            self.letters.startswith("SS")
        )

    @property
    def is_number(self) -> bool:
        is_word = len(self.letters) > 2 and self.field == "month"
        return bool(self.letters) and not is_word and self.field not in ("zone", "half")


_Way = tuple[_Part, ...]


@dataclass(frozen=True)
class Layout:
    """A form of a time: a pattern with a selection of its optional parts.

    Attributes:
        regex: Regular expression of the whole text; each field is a group.
        groups: Number of the group by field: ``year``, ``month``, ``day``, ``hour``, ``minute``,
            ``second``, ``fraction``, ``half`` (AM or PM) and ``zone``.
        letters: The pattern's letters by field, such as ``MMM``.
    """

    regex: str
    groups: Mapping[str, int]
    letters: Mapping[str, str]


@lru_cache
def layouts_of(pattern: str) -> tuple[Layout, ...]:
    """Return the layouts of a pattern, ordered from most to fewest optional parts.

    Args:
        pattern: Spark pattern of letters that have the same meaning in every engine.

    Raises:
        ValueError: The pattern has an unsupported letter, lacks a required field, or is ambiguous;
            the message has an instruction.
    """
    levels: list[list[_Way]] = [[()]]
    for quoted, letters, _, sign in _TOKEN.findall(pattern):
        if sign == "[":
            levels.append([()])
        elif sign == "]":
            if len(levels) == 1:
                raise ValueError(f"{pattern!r} has a ] without its [")
            inner = levels.pop()
            levels[-1] = [way + more for way in levels[-1] for more in [*inner, ()]]
        else:
            part = _field(letters, pattern) if letters else _literal(quoted, sign, pattern)
            levels[-1] = [(*way, part) for way in levels[-1]]
        if len(levels[-1]) > _MOST_LAYOUTS:
            raise ValueError(f"{pattern!r} has too many optional parts: leave some out")
    if len(levels) > 1:
        raise ValueError(f"{pattern!r} has a [ without its ]")
    ways = [way for way in dict.fromkeys(levels[0]) if not _repeated(way) and _is_likely(way)]
    if not ways:
        twice = _repeated(levels[0][-1])
        wrong = (
            f"the {twice} twice in one time"
            if twice
            else "a zone without an hour, or a fraction without a second"
        )
        raise ValueError(f"{pattern!r} has {wrong}: leave one out")
    return tuple(_layout(way, pattern) for way in ways)


def _repeated(way: _Way) -> str | None:
    """Return a field that occurs twice, as in ``[XXX][VV]`` with both parts; None if none does."""
    names = [part.field for part in way if part.letters]
    return next((name for name in names if names.count(name) > 1), None)


def _is_likely(way: _Way) -> bool:
    """Whether a zone occurs only with an hour, and a fraction only with a second."""
    fields = {part.field for part in way if part.letters}
    has_second = "fraction" not in fields or "second" in fields
    return has_second and ("zone" not in fields or "hour" in fields)


def _field(letters: str, pattern: str) -> _Part:
    letter, count = letters[0], len(letters)
    if letter not in _LETTERS:
        known = ", ".join(_LETTERS)
        hint = _INSTEAD.get(letter, "text must be in quotes, such as 'T'")
        raise ValueError(f"{pattern!r} has {letter!r}, {hint}; write letters of {known}")
    widths = _LETTERS[letter][1]
    if count not in widths:
        known = ", ".join(letter * width for width in widths)
        raise ValueError(f"{pattern!r} has {letters!r}, which is not read; write one of {known}")
    return _Part(letters, widths[count])


def _literal(quoted: str, sign: str, pattern: str) -> _Part:
    if sign in _RESERVED and sign:
        raise ValueError(f"{pattern!r} has {sign!r}, which must be in quotes: '{sign}'")
    # Two quotes are an escaped quote, inside and outside of quotes.
    text = sign or quoted.replace("''", "'") or "'"
    return _Part("", "".join(_SPACE if c == " " else re.escape(c) for c in text))


def _layout(way: _Way, pattern: str) -> Layout:
    fields = [part for part in way if part.letters]
    letters = {part.field: part.letters for part in fields}
    _check_fields(letters, pattern)
    _check_clock(letters, pattern)
    _check_widths(way, pattern)
    regex = "".join(f"({part.regex})" if part.letters else part.regex for part in way)
    groups = {part.field: number for number, part in enumerate(fields, 1)}
    return Layout(rf"\A{regex}\z", groups, letters)


def _check_widths(way: _Way, pattern: str) -> None:
    for one, other in pairwise(way):
        if one.varies and other.is_number and other.varies:
            raise ValueError(
                f"{pattern!r} can be read in two ways, as {one.letters} and {other.letters} have "
                f"no fixed length: write {one.letters * 2}, or a sign between them"
            )


def _check_fields(letters: Mapping[str, str], pattern: str) -> None:
    needs = {"day": "month", "month": "year", "minute": "hour", "second": "minute"}
    needs |= {"hour": "day", "half": "hour"}
    if "year" not in letters:
        raise ValueError(f"{pattern!r} has no year in one of the ways it can be read: write yyyy")
    for name, needed in needs.items():
        if name in letters and needed not in letters:
            raise ValueError(f"{pattern!r} has a {name} without a {needed} in one of its ways")


def _check_clock(letters: Mapping[str, str], pattern: str) -> None:
    twelve = letters.get("hour", "")[:1] in ("h", "K")
    if twelve and "half" not in letters:
        raise ValueError(
            f"{pattern!r} has {letters['hour']!r} without a for AM or PM: write HH for hours of 0 "
            "to 23, or add a"
        )
    if "half" in letters and not twelve:
        raise ValueError(f"{pattern!r} has a for AM or PM: write hh for hours of 1 to 12")
