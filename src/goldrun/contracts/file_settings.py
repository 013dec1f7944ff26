"""The form of the files of a source: format, delimiter, encoding, sheet, and what is unnested."""

import codecs
from typing import Literal

from pydantic import Field, field_validator, model_validator

from goldrun.contracts.strict import Strict
from goldrun.errors import did_you_mean

PLAIN_ENCODINGS = ("UTF-8", "ISO-8859-1")
"""Encodings in which a file can be split at line ends without decoding what precedes."""
TAB = "\t"
_NAMES = {"utf-8": "UTF-8", "ascii": "UTF-8", "utf-8-sig": "UTF-8", "iso8859-1": "ISO-8859-1"}
"""Names of encodings by Python's name; ASCII is a subset of UTF-8."""
_USUAL = ("UTF-8", "windows-1252", "ISO-8859-1", "ISO-8859-15", "UTF-16", "UTF-16-LE", "UTF-16-BE")
_NO_TEXT = {
    *("idna", "punycode", "rot13", "undefined", "charmap", "mbcs", "oem"),
    *("unicode-escape", "raw-unicode-escape", "utf-7"),
}
"""Codecs that decode text into another text, or into half characters."""
_NO_DELIMITERS = set('"\\\r\n\0')
_TAB_SEPARATED = (".tsv", ".tsv.gz", ".tsv.bz2")
_FORMATS_OF = {"delimiter": "csv", "encoding": "csv", "sheet": "excel", "each": "json"}
"""Format that a key belongs to."""


class FileSettings(Strict):
    """How files are found and read.

    Attributes:
        path: A file, a folder or a glob, relative to the working directory.
        format: ``csv`` with a header line; ``json``, objects one a line, in one array, or
            pretty-printed; ``parquet``; ``excel``, with a header in the first row of each sheet.
        delimiter: Field separator of CSV; if it is not declared, a tab in ``.tsv`` files.
        encoding: Character encoding of CSV files. A byte order mark has precedence.
        sheet: Name of the sheet of an Excel file; all sheets if None.
        each: Key of a list of objects in a JSON object, or its path with dots: each object of it is
            a record, with the fields around it.
    """

    path: str | None = Field(default=None, min_length=1)
    format: Literal["csv", "json", "parquet", "excel"] = "csv"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "UTF-8"
    sheet: str | None = Field(default=None, min_length=1)
    each: str | None = Field(default=None, pattern=r"^[^.]+(?:\.[^.]+)*$")

    @property
    def has_header(self) -> bool:
        """Whether all records of a file have the same columns; a JSON object may omit keys."""
        return self.format != "json"

    def delimiter_of(self, file_name: str) -> str:
        """Return the field separator of a CSV file."""
        if "delimiter" in self.model_fields_set or not file_name.lower().endswith(_TAB_SEPARATED):
            return self.delimiter
        return TAB

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_valid(cls, value: str) -> str:
        if value in _NO_DELIMITERS or ord(value) > 0xFFFF:
            raise ValueError(f"{value!r} can't separate fields; use a comma, semicolon, tab or bar")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_is_supported(cls, value: str) -> str:
        name = _python_name(value)
        if name is None:
            raise ValueError(
                f"{value!r} is no encoding of text{did_you_mean(value, _USUAL)}; write one such as "
                f"{', '.join(_USUAL)}"
            )
        return _NAMES.get(name, name)

    @model_validator(mode="after")
    def _format_has_these_keys(self) -> "FileSettings":
        if self.format == "json" and "delimiter" in self.model_fields_set:
            raise ValueError("JSON has no delimiter; remove it, or use format = 'csv'")
        if self.format == "json" and self.encoding != "UTF-8":
            raise ValueError(f"encoding {self.encoding!r}: JSON is always UTF-8; remove it")
        for key, name in _FORMATS_OF.items():
            given = getattr(self, key) != type(self).model_fields[key].default
            if given and self.format != name:
                raise ValueError(
                    f"{key} is for files of format = {name!r}, not of {self.format!r}; remove it, "
                    "or change the format"
                )
        return self


def _python_name(encoding: str) -> str | None:
    """Return Python's name of an encoding of text; None if it is none."""
    try:
        found = codecs.lookup(encoding)
        text = found.incrementaldecoder("replace").decode(b"", final=True)
    except (AssertionError, LookupError, TypeError, UnicodeError):
        return None
    name = found.name.replace("_", "-")
    return None if name in _NO_TEXT or not isinstance(text, str) else name
