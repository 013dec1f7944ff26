"""Profile the columns of a file's text: how filled, how distinct, numbers, times and words."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import pandas as pd

from goldrun.contracts.text import INVISIBLE
from goldrun.contracts.value_words import NO_VALUE
from goldrun.medallion.proposal.time_formats import Times, find_times

_FEW_VALUES = 20
_NAMED_AS_TIME = re.compile(r"date|time|created|updated|modified|paid at|_at\b| at\b|day\b|when")
_PLAIN = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_WITH_COMMA = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"
_THOUSANDS = r"[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?"
SIGNS = "$€£¥ \u00a0"
"""Characters around the digits of money."""


class Writing(StrEnum):
    """How the numbers of a column are written."""

    PLAIN = "plain"
    COMMA = "decimal comma"
    THOUSANDS = "commas between thousands"


@dataclass(frozen=True)
class Profile:
    """What a column of a file looks like.

    Attributes:
        name: Its name.
        rows: Number of rows.
        filled: Number of rows with a value.
        distinct: Number of different values.
        writing: How its numbers are written; None if it has other values than numbers.
        signs: Whether currency signs or spaces are among the digits.
        negative: Share of the values that are negative numbers.
        decimals: Whether a number has decimals.
        as_decimals: Whether all values are whole numbers with the decimals 0, as 17850.0.
        times: The format of its times; None if it has other values than times.
        words: Its values and their numbers of rows, most first, if they are few; else empty.
        examples: Its first values.
    """

    name: str
    rows: int
    filled: int
    distinct: int
    writing: Writing | None
    signs: bool
    negative: float
    decimals: bool
    as_decimals: bool
    times: Times | None
    words: Sequence[tuple[str, int]]
    examples: Sequence[str]

    @property
    def is_key(self) -> bool:
        """Whether every row has a value, and no two rows the same."""
        return self.filled == self.rows == self.distinct > 0


def profile(texts: pd.DataFrame) -> dict[str, Profile]:
    """Profile each column.

    Args:
        texts: Text columns; null is no value. Texts of ``no_value`` count as none.
    """
    found = {str(name): _column(str(name), texts[name]) for name in texts.columns}
    if any(each.writing is Writing.COMMA for each in found.values()):
        return {name: _with_decimal_comma(each, texts[name]) for name, each in found.items()}
    return found


def _with_decimal_comma(column: Profile, raw: "pd.Series[str]") -> Profile:
    """Read commas as those of the file's other columns: 2,500 is two and a half there."""
    if column.writing is not Writing.THOUSANDS:
        return column
    bare = _bare(_values(raw))
    if not bare.str.fullmatch(_WITH_COMMA).all():
        return column
    decimals = bool(bare.str.contains(r",\d*[1-9]").any())
    return replace(column, writing=Writing.COMMA, decimals=decimals)


def decimal_text(texts: "pd.Series[str]", column: Profile) -> "pd.Series[str]":
    """Return the texts of numbers with a point before their decimals."""
    bare = _bare(texts)
    if column.writing is Writing.COMMA:
        return bare.str.replace(".", "").str.replace(",", ".")
    return bare.str.replace(",", "")


def words_of(name: str) -> str:
    """Return a column's name in small letters without accents, its words apart by a space."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)
    return " ".join(re.split(r"[^0-9a-z]+", spaced.lower())).strip()


def _column(name: str, raw: "pd.Series[str]") -> Profile:
    values = _values(raw)
    counts = values.value_counts()
    bare = _bare(values)
    writing = _writing(bare)
    few = len(counts) <= _FEW_VALUES
    return Profile(
        name=name,
        rows=len(raw),
        filled=len(values),
        distinct=len(counts),
        writing=writing,
        signs=writing is not None and not bare.equals(values),
        negative=float(bare.str.startswith("-").mean()) if writing and len(bare) else 0.0,
        decimals=writing is not None and bool(bare.str.contains(r"[.,]\d*[1-9]").any()),
        as_decimals=bool(len(values)) and bool(values.str.fullmatch(r"\d+\.0").all()),
        times=find_times(values.tolist(), is_named_so=bool(_NAMED_AS_TIME.search(words_of(name)))),
        words=[(str(word), int(rows)) for word, rows in counts.items()] if few else (),
        examples=values.drop_duplicates().head(3).tolist(),
    )


def _values(raw: "pd.Series[str]") -> "pd.Series[str]":
    trimmed = raw.dropna().astype(str).str.strip(INVISIBLE)
    without = {text.lower() for text in NO_VALUE} | {""}
    return trimmed[~trimmed.str.lower().isin(without)]


def _bare(values: "pd.Series[str]") -> "pd.Series[str]":
    return values.str.replace(f"[{re.escape(SIGNS)}]", "", regex=True)


def _writing(values: "pd.Series[str]") -> Writing | None:
    if values.empty:
        return None
    if values.str.fullmatch(_PLAIN).all():
        return Writing.PLAIN
    if values.str.fullmatch(_THOUSANDS).all():
        return Writing.THOUSANDS
    return Writing.COMMA if values.str.fullmatch(_WITH_COMMA).all() else None
