"""What the readers of all engines and forms share: lines, records, their place."""

from collections.abc import Callable

import pyarrow as pa

from goldrun.contracts import lineage

LINE = "line"
"""Column of a line's text."""
PLACE = (lineage.FILE, lineage.FINGERPRINT, lineage.SPLIT, lineage.ROW)
"""Columns with the place of a record: its file or part of a file, and its row number in a piece.

Row numbers count from 0, without headers and blank lines, over all members of an archive and all
sheets of a workbook. A file is one piece, unless Spark reads a plain one in several."""
BOM = "\ufeff"
"""Byte order mark, which is removed from the start of a file."""
BLANK = " \t"
"""Characters of a blank line. Blank lines are skipped and have no row number."""
RECORDS = pa.map_(pa.large_string(), pa.large_string())
Parsed = tuple[pa.Array, pa.Array]
"""Some records (``RECORDS``), and the text of each malformed one, else null."""
Piece = Callable[[], Parsed]
"""Parses some records of a part, which follow those of the piece before."""
