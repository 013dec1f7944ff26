"""What a record has beside the cells of its own line: its place, and values of other lines."""

from pydantic import Field, field_validator

from goldrun.contracts.strict import Strict

FILE_NAME = "_file"
"""Name of the record's file, without its folders."""
ROW_NUMBER = "_row"
"""Number of the record in its file, from 1, without the header and blank lines."""
LINE_NUMBER = "_line"
"""Number of the record in its group of ``fill_down``, from 1, in the order of its file."""
PLACE_NAMES = (FILE_NAME, ROW_NUMBER, LINE_NUMBER)


def joined_column(join: str, column: str) -> str:
    """Return the name of a joined file's column in expressions and records: ``orders.status``."""
    return f"{join}.{column}"


class FillDown(Strict):
    """Columns that a file has on the first line of a group only, such as an order's status.

    Attributes:
        by: File column with the name of the group, such as the order's number. It is on each line.
        columns: File columns whose empty cells get the value of the nearest earlier line of the
            same file and group.
    """

    by: str = Field(min_length=1)
    columns: tuple[str, ...] = Field(min_length=1)

    @field_validator("columns")
    @classmethod
    def _are_different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            twice = min(name for name in value if value.count(name) > 1)
            raise ValueError(f"{twice!r} is listed twice; list it once")
        return value
