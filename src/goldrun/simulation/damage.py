"""What can happen to a finished line on its way: it takes and gives bytes without the line's end.

The last two columns of the CSV files never hold a comma or a quote.
"""

BAD_BYTES = "\ue000"
"""Stands in a text column for bytes that are not UTF-8, until the line is made."""


def cut_csv(line: bytes) -> bytes:
    """Lose the last field."""
    return line.rsplit(b",", 1)[0]


def cut_json(line: bytes) -> bytes:
    """Lose the second half."""
    return line[: len(line) // 2]


def extra_fields(line: bytes) -> bytes:
    """Have two fields more than the header."""
    return line + b",surplus,7"


def open_last_quote(line: bytes) -> bytes:
    """Open a quote in the last field and never close it."""
    head, last = line.rsplit(b",", 1)
    return head + b',"' + last


def open_middle_quote(line: bytes) -> bytes:
    """Open a quote in the last field but one and never close it."""
    head, field, last = line.rsplit(b",", 2)
    return head + b',"' + field + b"," + last


def lose_bytes(line: bytes) -> bytes:
    """Have bytes that are not UTF-8."""
    return line.replace(BAD_BYTES.encode(), b"\xff\xfe")
