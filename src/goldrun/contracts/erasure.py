"""Tombstones of erased persons, and the patterns that find a person's data in text."""

import re
from dataclasses import dataclass

from pyspark.sql import types as T

from goldrun.contracts.entities import CUSTOMER_ID, EMAIL, NAME, PHONE
from goldrun.contracts.gold import USER_ID
from goldrun.contracts.ops import RUN_ID
from goldrun.contracts.table import Column, Table

TOMBSTONE = "tombstone"
KEY_ID = "key_id"
ERASED_AT = "erased_at"
INNER_PAD = "inner_pad"
OUTER_PAD = "outer_pad"
"""The secret key, padded for the two hashes of HMAC."""

CUSTOMER_ERASED = "customer_erased"
"""Quarantine reason of a record whose customer is erased."""
ERASED_MARK = "_erased"
"""The only key of a bronze record whose content is erased."""
ERASED_RECORD = "{}"
"""Content of an erased record in quarantine."""

TOMBSTONES = Table(
    name="ops/tombstones",
    grain="one erased person",
    key=(TOMBSTONE,),
    columns=(
        Column(
            TOMBSTONE,
            T.StringType(),
            "HMAC-SHA256 of the customer_id under the secret key, as 64 hex digits.",
            required=True,
        ),
        Column(
            KEY_ID,
            T.StringType(),
            "Id of the key that it was computed with; the key can't be computed from it.",
            required=True,
        ),
        Column(ERASED_AT, T.TimestampType(), "When the erasure began, UTC.", required=True),
        Column(RUN_ID, T.StringType(), "MLflow run that erased.", required=True),
    ),
)


_WORD = r"\p{L}\p{N}_"
_BEFORE = rf"(?:^|[^{_WORD}-])"
_BEFORE_NO_DOT = rf"(?:^|[^{_WORD}.+-])"
_AFTER = rf"(?:$|[^{_WORD}.-]|\.(?:$|[^{_WORD}-]))"
"""A full stop ends a token; a point inside a number or an address does not."""
_BETWEEN_WORDS = r"\s+"
_BETWEEN_DIGITS = r"[\s()./-]*"
_SHORTEST_PHONE = 7


@dataclass(frozen=True)
class Term:
    """A text that identifies a person.

    Attributes:
        kind: Contract column of the value: ``customer_id``, ``name``, ``email`` or ``phone``.
        text: One spelling of the value.
        columns: Columns of tables and fields of files with such values. A term that is not
            ``identifies`` is searched in these only.
    """

    kind: str
    text: str
    columns: frozenset[str]

    @property
    def identifies(self) -> bool:
        """Whether the text identifies the person in any column.

        This holds for an id with letters and digits (27 alone may be a quantity), an address
        with @, a phone number of seven digits or more, and a name of two words or more.
        """
        if self.kind == EMAIL:
            return "@" in self.text
        if self.kind == PHONE:
            return len(self._digits) >= _SHORTEST_PHONE
        if self.kind == NAME:
            return len(self.text.split()) > 1
        return any(c.isalpha() for c in self.text) and bool(self._digits)

    @property
    def pattern(self) -> str:
        """Regular expression, valid in Java and RE2, that matches the text as a token.

        A token consists of letters, digits, ``_`` and ``-``. Case is ignored except for ids;
        spaces in a name may have any length, and digits of a phone may be separated.
        """
        if self.kind == PHONE and self.identifies:
            return f"{_BEFORE}{_BETWEEN_DIGITS.join(self._digits)}{_AFTER}"
        if self.kind == NAME:
            words = _BETWEEN_WORDS.join(map(re.escape, self.text.split()))
            return f"{_BEFORE}(?i:{words}){_AFTER}"
        before = _BEFORE if self.identifies and self.kind != EMAIL else _BEFORE_NO_DOT
        text = re.escape(self.text.strip())
        return f"{before}(?i:{text}){_AFTER}" if self.kind == EMAIL else f"{before}{text}{_AFTER}"

    @property
    def _digits(self) -> str:
        return "".join(c for c in self.text if c.isdecimal())


ID_COLUMNS = frozenset({CUSTOMER_ID, USER_ID})
"""Columns of stored tables with the id of a customer."""
