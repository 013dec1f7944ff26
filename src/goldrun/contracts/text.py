"""Invisible characters, which are removed from both ends of text values."""

_INVISIBLE = (
    (0x00, 0x20),  # control characters and the space
    (0x7F, 0xA0),  # control characters and the no-break space
    (0xAD, 0xAD),  # soft hyphen
    (0x1680, 0x1680),  # Ogham space
    (0x180E, 0x180E),  # Mongolian vowel separator
    (0x2000, 0x200F),  # spaces, zero-width characters, marks of direction
    (0x2028, 0x202F),  # line separators, marks of direction, narrow no-break space
    (0x205F, 0x206F),  # mathematical space, word joiner, invisible operators and marks
    (0x3000, 0x3000),  # ideographic space
    (0xFEFF, 0xFEFF),  # byte order mark
)
"""First and last code point of each range."""

INVISIBLE = "".join(chr(code) for first, last in _INVISIBLE for code in range(first, last + 1))
"""White space, control characters and invisible marks, as one string.

They are removed from both ends of each value; within a value they stay.
"""
INVISIBLE_CLASS = "".join(
    rf"\x{{{first:x}}}" if first == last else rf"\x{{{first:x}}}-\x{{{last:x}}}"
    for first, last in _INVISIBLE
)
"""``INVISIBLE`` as the content of a character class in the regular expressions of all engines."""
