"""Convert text to its standard form: e-mail, telephone, currency, category."""

from collections.abc import Mapping

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.currencies import CURRENCIES
from goldrun.contracts.table import Column, Standard
from goldrun.contracts.text import INVISIBLE_CLASS
from goldrun.contracts.value_words import category_form

_BETWEEN_WORDS = rf"[{INVISIBLE_CLASS}_-]+"
"""Spaces of any kind, including invisible characters."""


def to_standard_form(
    text: SparkColumn,
    column: Column,
    phone_region: str | None,
    values: Mapping[str, str] | None = None,
) -> SparkColumn:
    """Convert trimmed text to the column's standard form.

    Args:
        text: The text; null if there is none.
        column: Contract of the column.
        phone_region: Country (ISO 3166, two letters) of telephone numbers without a country code;
            without it such numbers have no standard form.
        values: The shop's words for a category or a currency; they go before the contract's.

    Returns:
        The standard form; null if the text has none. A category always has one, also if it is not
        allowed.
    """
    words = {category_form(word): meant for word, meant in (values or {}).items()}
    if column.standard is Standard.CATEGORY:
        form = _category_form(text)
        return _meaning(form, {**dict(column.synonyms), **words}, form)
    if column.standard is Standard.CURRENCY:
        code = _meaning(_category_form(text), words, F.upper(text)) if words else F.upper(text)
        return F.when(F.find_in_set(code, F.lit(",".join(sorted(CURRENCIES)))) > 0, code)
    if column.standard is Standard.EMAIL:
        return _email(text)
    if column.standard is Standard.PHONE:
        return _phone(text, phone_region)
    return text


def _category_form(text: SparkColumn) -> SparkColumn:
    """See ``value_words.category_form``."""
    return F.regexp_replace(F.lower(text), _BETWEEN_WORDS, "_")


def _meaning(form: SparkColumn, words: Mapping[str, str], other: SparkColumn) -> SparkColumn:
    """Return what a word means; ``other`` for a word that is not one of them."""
    meaning = other
    # One condition a value and not a word, because an engine plans nested conditions slowly.
    for meant in sorted({*words.values()}):
        same = [word for word, value in words.items() if value == meant]
        meaning = F.when(form.isin(*same), F.lit(meant)).otherwise(meaning)
    return meaning


# The nested functions below run in Spark's Python workers, which have the libraries but may lack
# goldrun. Nested functions are pickled by value; they import the libraries themselves.


def _email(text: SparkColumn) -> SparkColumn:
    def standard(address: str | None) -> str | None:
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415

        if address is None:
            return None
        try:
            return validate_email(address, check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            return None

    return F.udf(standard, T.StringType(), useArrow=True)(text)


def _phone(text: SparkColumn, region: str | None) -> SparkColumn:
    def standard(number: str | None) -> str | None:
        import phonenumbers  # noqa: PLC0415

        if number is None:
            return None
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_valid_number(parsed):
            return None
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    return F.udf(standard, T.StringType(), useArrow=True)(text)
