"""CSV lines taken apart in this process, as ``csv_files`` has Spark do it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from goldrun.io.engines.sail.arrow_lines import RECORDS, Taken

_BOM = "\ufeff"
_BLOCK_BYTES = 4 << 20


def take_csv_apart(lines: pa.Array, header: str, names: tuple[str, ...], delimiter: str) -> Taken:
    """Make records of lines; see ``csv_files.read_csv`` for which are malformed.

    Args:
        lines: Their text, none with a line end in it.
        header: The file's first line.
        names: The columns that it names.
        delimiter: One character.
    """
    good = _fits(lines, header, len(names), delimiter)
    columns = _parsed(lines.filter(good), len(names), delimiter)
    fields = len(names) * good.cast(pa.int32()).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate(([0], np.cumsum(fields))).astype(np.int32))
    many = len(columns[0])
    # All values of a column stand together, those of a record are to.
    by_record = np.arange(many * len(names)).reshape(len(names), many).T.ravel()
    values = pa.concat_arrays(columns).take(pa.array(by_record))
    keys = pa.array(names, pa.large_string()).take(pa.array(np.tile(np.arange(len(names)), many)))
    records = pa.MapArray.from_arrays(offsets, keys, values, type=RECORDS)
    return records, pc.if_else(good, pa.scalar(None, pa.large_string()), lines)


def _fits(lines: pa.Array, header: str, count: int, delimiter: str) -> pa.Array:
    """Whether a line's quotes are right, it has as many fields as the header, and is not it."""
    sep = rf"\x{{{ord(delimiter):x}}}"
    quoted = r'"(?:[^"]|"")*"'
    field = rf'(?:{quoted}|[^"{sep}]*)'
    has_quote = pc.match_substring(lines, '"')
    right, unquoted = pc.invert(has_quote), lines
    if pc.any(has_quote).as_py():
        right = pc.or_(right, pc.match_substring_regex(lines, rf"\A{field}(?:{sep}{field})*\z"))
        unquoted = pc.if_else(has_quote, pc.replace_substring_regex(lines, quoted, ""), lines)
    whole = pc.equal(pc.count_substring(unquoted, delimiter), count - 1)
    repeats = pc.equal(pc.utf8_ltrim(lines, characters=_BOM), header)
    return pc.and_(pc.and_(right, whole), pc.invert(repeats))


def _parsed(lines: pa.Array, count: int, delimiter: str) -> list[pa.Array]:
    """The columns of lines that fit."""
    names = [f"c{position}" for position in range(count)]
    if not len(lines):
        return [pa.array([], pa.large_string()) for _ in names]
    nothing, feed = (pa.scalar(text, pa.large_string()) for text in ("", "\n"))
    ended = pc.binary_join_element_wise(lines, nothing, feed)
    _, _, data = ended.buffers()
    longest = pc.max(pc.binary_length(ended)).as_py()
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(column_names=names, block_size=max(_BLOCK_BYTES, 2 * longest)),
        csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    )
    return [pa.chunked_array(c.chunks, pa.large_string()).combine_chunks() for c in table.columns]
