"""The words of a shop's values: those that mean a category, and those that mean no value."""

import re
from collections.abc import Mapping

from goldrun.contracts.currencies import CURRENCIES
from goldrun.contracts.table import Column, Standard, Table
from goldrun.contracts.text import INVISIBLE
from goldrun.errors import did_you_mean

NO_VALUE = (
    *("", "NULL", "(null)", "<null>", r"\N", "None", "NaN", "NaT", "<NA>"),
    *("N/A", "#N/A", "n.a.", "-", "--", "–", "—"),  # noqa: RUF001
)
r"""Texts of a file that are no value unless a source declares others.

The empty text stands for blank ones. ``NA`` is not one of them: it is Namibia, and North America.
"""
_BETWEEN_WORDS = re.compile(f"[{re.escape(INVISIBLE)}_-]+")
_WITH_WORDS = (Standard.CATEGORY, Standard.CURRENCY)


def category_form(text: str) -> str:
    """Return the form of a category: trimmed, lower case, with ``_`` between words."""
    return _BETWEEN_WORDS.sub("_", text.strip(INVISIBLE).lower())


def no_value_form(text: str) -> str:
    """Return the form in which texts are compared with ``no_value``: trimmed, lower case."""
    return text.strip(INVISIBLE).lower()


def check_value_words(
    entity: str, values: Mapping[str, Mapping[str, str]], table: Table, mapped: Mapping[str, str]
) -> None:
    """Check the values of ``[<entity>.values.<column>]`` against the contract.

    Raises:
        ValueError: A column is unknown, not mapped, or no category; a value is declared twice, or
            means a category that the contract does not allow.
    """
    for name, words in values.items():
        where = f"[{entity}.values.{name}]"
        if name not in table.names:
            near = did_you_mean(name, table.names)
            raise ValueError(f"{where} {name!r} is not a column of {entity}{near}; rename it")
        column = table.column(name)
        if column.standard not in _WITH_WORDS:
            known = ", ".join(c.name for c in table.columns if c.standard in _WITH_WORDS)
            raise ValueError(
                f"{where} {name} is no category; such are {known or 'none'}: write its expression "
                "with case when"
            )
        if name not in mapped:
            raise ValueError(f"{where} {name} is not mapped: map it under [{entity}.columns]")
        _check_words(where, words, column)


def _check_words(where: str, words: Mapping[str, str], column: Column) -> None:
    allowed = sorted(CURRENCIES) if column.standard is Standard.CURRENCY else column.allowed
    seen: dict[str, str] = {}
    for word, meant in words.items():
        form = category_form(word)
        if form in seen:
            raise ValueError(
                f"{where} {word!r} and {seen[form]!r} are the same value: case, spaces, '-' and "
                "'_' do not count; remove one"
            )
        seen[form] = word
        if allowed and meant not in allowed:
            near = did_you_mean(meant, allowed)
            shown = ", ".join(allowed) if column.allowed else "the codes of ISO 4217, such as EUR"
            raise ValueError(
                f"{where} {word!r} = {meant!r} is not a value of {column.name}{near}; "
                f"write one of {shown}"
            )
