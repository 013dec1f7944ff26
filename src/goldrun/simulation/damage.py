"""Functions that make a line of a file malformed: bytes in, bytes out, without the line's end.

They rely on the last two columns of the CSV files never holding a comma or a quote.
"""

BAD_BYTES = "\ue000"
"""Placeholder in a text column for bytes that are not UTF-8; ``lose_bytes`` replaces it."""


def cut_csv(line: bytes) -> bytes:
    """Remove the last field."""
    return line.rsplit(b",", 1)[0]


def cut_json(line: bytes) -> bytes:
    """Remove the second half."""
    return line[: len(line) // 2]


def extra_fields(line: bytes) -> bytes:
    """Append two fields that the header does not have."""
    return line + b",surplus,7"


def open_last_quote(line: bytes) -> bytes:
    """Insert a quote before the last field, without a closing one."""
    head, last = line.rsplit(b",", 1)
    return head + b',"' + last


def open_middle_quote(line: bytes) -> bytes:
    """Insert a quote before the last but one field, without a closing one."""
    head, field, last = line.rsplit(b",", 2)
    return head + b',"' + field + b"," + last


def lose_bytes(line: bytes) -> bytes:
    """Replace the placeholder by bytes that are not UTF-8."""
    return line.replace(BAD_BYTES.encode(), b"\xff\xfe")
