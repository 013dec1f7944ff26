"""What is kept of a person who was erased, and what a person's traces look like in text."""

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
"""The secret key, in the two forms that HMAC takes it."""

CUSTOMER_ERASED = "customer_erased"
"""Reason of a record that was given up because its customer was erased."""
ERASED_MARK = "_erased"
"""The only key of a bronze record whose text was erased."""
ERASED_RECORD = "{}"
"""What quarantine holds in place of an erased record."""

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
        Column(KEY_ID, T.StringType(), "Which key made it, without giving it away.", required=True),
        Column(ERASED_AT, T.TimestampType(), "When the erasure began, UTC.", required=True),
        Column(RUN_ID, T.StringType(), "MLflow run that erased.", required=True),
    ),
)


_WORD = r"\p{L}\p{N}_"
_BEFORE = rf"(?:^|[^{_WORD}-])"
_BEFORE_NO_DOT = rf"(?:^|[^{_WORD}.+-])"
_AFTER = rf"(?:$|[^{_WORD}.-]|\.(?:$|[^{_WORD}-]))"
"""A full stop ends a token, a point inside a number or an address does not."""
_BETWEEN_WORDS = r"\s+"
_BETWEEN_DIGITS = r"[\s()./-]*"
_SHORTEST_PHONE = 7


@dataclass(frozen=True)
class Term:
    """A text that tells of one person.

    Attributes:
        kind: The contract's column that it is a value of: ``customer_id, name, email, phone``.
        text: The value, as it is written somewhere.
        columns: Columns of tables and fields of files that hold such values. A term that is not
            ``telling`` is looked for in these alone.
    """

    kind: str
    text: str
    columns: frozenset[str]

    @property
    def telling(self) -> bool:
        """Whether the text names the person wherever it stands.

        An id does when it has letters and digits (a bare 27 may be a quantity), an address when
        it has an @, a phone from seven digits on, a name from two words on.
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
        """Regular expression, in what Java and RE2 have in common, that finds it as a token.

        Letters, digits, ``_`` and ``-`` make a token. Case is ignored but for ids, the spaces of
        a name may be of any length, and the digits of a phone may be set apart.
        """
        if self.kind == PHONE and self.telling:
            return f"{_BEFORE}{_BETWEEN_DIGITS.join(self._digits)}{_AFTER}"
        if self.kind == NAME:
            words = _BETWEEN_WORDS.join(map(re.escape, self.text.split()))
            return f"{_BEFORE}(?i:{words}){_AFTER}"
        before = _BEFORE if self.telling and self.kind != EMAIL else _BEFORE_NO_DOT
        text = re.escape(self.text.strip())
        return f"{before}(?i:{text}){_AFTER}" if self.kind == EMAIL else f"{before}{text}{_AFTER}"

    @property
    def _digits(self) -> str:
        return "".join(c for c in self.text if c.isdecimal())


ID_COLUMNS = frozenset({CUSTOMER_ID, USER_ID})
"""Columns of our tables that hold the id of a customer."""
