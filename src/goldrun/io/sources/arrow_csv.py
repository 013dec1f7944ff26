"""CSV lines parsed with Arrow, as ``csv_files`` defines records."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from goldrun.io.sources.arrow_lines import RECORDS, Parsed
from goldrun.io.sources.csv_files import patterns
from goldrun.io.sources.records import BOM

_BLOCK_BYTES = 4 << 20


def parse_csv(lines: pa.Array, header: str, names: tuple[str, ...], delimiter: str) -> Parsed:
    """Parse lines of one file.

    Args:
        lines: Text without line ends.
        header: The file's first line.
        names: The column names in it.
        delimiter: One character.
    """
    accepted = _fits(lines, header, len(names), delimiter)
    columns = _columns(lines.filter(accepted), len(names), delimiter)
    fields = len(names) * accepted.cast(pa.int32()).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate(([0], np.cumsum(fields))).astype(np.int32))
    count = len(columns[0])
    # Arrow has the values by column, a map array needs them by record.
    by_record = np.arange(count * len(names)).reshape(len(names), count).T.ravel()
    values = pa.concat_arrays(columns).take(pa.array(by_record))
    keys = pa.array(names, pa.large_string()).take(pa.array(np.tile(np.arange(len(names)), count)))
    records = pa.MapArray.from_arrays(offsets, keys, values, type=RECORDS)
    return records, pc.if_else(accepted, pa.scalar(None, pa.large_string()), lines)


def _fits(lines: pa.Array, header: str, count: int, delimiter: str) -> pa.Array:
    """Whether each line has right quotes, as many fields as the header, and is not the header."""
    pattern = patterns(delimiter, possessive=False)
    has_quote = pc.match_substring(lines, '"')
    right, unquoted = pc.invert(has_quote), lines
    if pc.any(has_quote).as_py():
        right = pc.or_(right, pc.match_substring_regex(lines, pattern.line))
        unquoted = pc.if_else(
            has_quote, pc.replace_substring_regex(lines, pattern.quoted, ""), lines
        )
    whole = pc.equal(pc.count_substring(unquoted, delimiter), count - 1)
    repeats = pc.equal(pc.utf8_ltrim(lines, characters=BOM), header)
    return pc.and_(pc.and_(right, whole), pc.invert(repeats))


def _columns(lines: pa.Array, count: int, delimiter: str) -> list[pa.Array]:
    """Parse well-formed lines into one array of text per column."""
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
