"""Malformed lines: noise, valid lines with damage, and unusual values."""

import csv
import io
import json
import random
import re
from collections.abc import Callable, Mapping

Record = dict[str, str]

VALUES = (
    *("", " ", "?", "-", "0", "-0", "+1", "1e400", "1e-400", "1e999999999", "NaN", "-Infinity"),
    *("9" * 40, "0." + "1" * 40, "99999999999999.9999", "2147483648", "0x1F", "1_000", "1,5"),
    *("\u0661\u0662", "true", "null", "{}", "[1.10]", "\ufffd", "\0", "a\u2028b", "=1+1", "\u200b"),
    *("2024-02-30T00:00:00Z", "2024-05-01T25:00:00Z", "2024-05-01T10:00:00", "0000-00-00"),
    *("2024-05-01T10:00:00+99:99", "2024-05-01T10:00:00[Mars/Base]", "9999-12-31T23:59:59Z"),
    *("294247-01-10T04:00:54.775807Z", "-290308-12-21T19:59:05Z", "999999999-01-01", "now"),
    *("a@b@c", "@", "a@" + "b" * 300, "\u00fc@\u00fc.de", "+" * 30, "+49", "tel:112;ext=9", "EURO"),
    *("completed", "Complete", "pending", "cancelled", "CREDIT CARD", "x" * 5000, "c"),
)
CHUNKS = (
    *(
        b'"',
        b'""',
        b",",
        b"'",
        b"\\",
        b"\\\\",
        b'\\"',
        b"\\u",
        b"\\ud800",
        b"\\udc00",
        b"\r",
        b"\n",
    ),
    *(
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b" ",
    ),
    *(b"NaN", b"-", b"1e400", b"null", b"//", b"#", b"\x1a", b"\xe2\x80\xa8", b"\t", b"}{", b"},{"),
)


def as_csv(record: Mapping[str, str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(record.values())
    return text.getvalue().encode()


def as_json(record: Mapping[str, str]) -> bytes:
    return json.dumps(record).encode()


def hostile(dice: random.Random, line: Callable[[Record], bytes], record: Record) -> bytes:
    """Return a random line: noise, a valid line with damage, or a line with unusual values."""
    kind = dice.randrange(4)
    if kind == 0:
        return dice.randbytes(dice.randrange(60))
    if kind == 1:
        return b"".join(dice.choices([*CHUNKS, b"a", b"1"], k=dice.randrange(1, 30)))
    strange = record | {
        name: dice.choice(VALUES) for name in dice.sample(list(record), dice.randrange(4))
    }
    if kind == 2:
        return line(strange)
    hit = bytearray(line(strange))
    for _ in range(dice.randrange(1, 4)):
        start = dice.randrange(len(hit) + 1)
        hit[start : start + dice.randrange(3)] = dice.choice([*CHUNKS, b""])
    return bytes(hit)


def unpaired(content: bytes) -> bytes:
    """Put a line after each with an odd number of quotes that neither opens nor closes a field.

    So no line belongs to a record that another line begins.
    """
    parts = re.split(rb"(\r\n|\r|\n)", content)
    return b"".join(part + b'\na"b' if part.count(b'"') % 2 else part for part in parts)
