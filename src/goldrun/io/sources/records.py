"""What the readers of all engines and formats share: lines, their place, blank lines."""

from goldrun.contracts import lineage

LINE = "line"
"""Column of a line's text."""
PLACE = (lineage.FILE, lineage.FINGERPRINT, lineage.SPLIT, lineage.ROW)
"""Columns with the place of a line: its file, and its row number in a piece of the file."""
BOM = "\ufeff"
"""Byte order mark, which is removed from the start of a file."""
BLANK = " \t"
"""Characters of a blank line. Blank lines are skipped and have no row number."""
