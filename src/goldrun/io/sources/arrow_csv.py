"""CSV records parsed with Arrow, as ``csv_files`` defines records."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from goldrun.io.sources.csv_patterns import Patterns, well_formed
from goldrun.io.sources.records import BOM, RECORDS, Parsed

_BLOCK_BYTES = 4 << 20


def parse_csv(
    lines: pa.Array,
    joined: npt.NDArray[np.bool_],
    header: str,
    names: tuple[str, ...],
    patterns: Patterns,
) -> Parsed:
    """Parse records of one CSV file of a source.

    Args:
        lines: Text of each record, without the line end after it.
        joined: Whether each record was joined from several lines, because a quoted field contains
            line breaks. Such a record is known to be well-formed.
        header: The file's first record.
        names: The column names in it.
        patterns: What well-formed records of the file match.

    Returns:
        For each record: a map of text by column name, empty if the record is malformed or repeats
        the header; and the record's text if so, else null.
    """
    repeats = pc.equal(pc.utf8_ltrim(lines, characters=BOM), header)
    accepted = pc.and_(_well_formed(lines, joined, patterns), pc.invert(repeats))
    columns = _columns(lines.filter(accepted), patterns, breaks=bool(joined.any()))
    fields = len(names) * accepted.cast(pa.int32()).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate(([0], np.cumsum(fields))).astype(np.int32))
    count = len(columns[0])
    # Arrow has the values by column, a map array needs them by record.
    by_record = np.arange(count * len(names)).reshape(len(names), count).T.ravel()
    values = pa.concat_arrays(columns).take(pa.array(by_record))
    keys = pa.array(names, pa.large_string()).take(pa.array(np.tile(np.arange(len(names)), count)))
    records = pa.MapArray.from_arrays(offsets, keys, values, type=RECORDS)
    return records, pc.if_else(accepted, pa.scalar(None, pa.large_string()), lines)


def _well_formed(lines: pa.Array, joined: npt.NDArray[np.bool_], patterns: Patterns) -> pa.Array:
    """Whether each record is well-formed; one that was joined from several lines always is."""
    if not joined.any():
        return well_formed(lines, patterns)
    others = pa.array(~joined)
    right = well_formed(lines.filter(others), patterns)
    return pc.replace_with_mask(pa.array(joined), others, right)


def _columns(lines: pa.Array, patterns: Patterns, *, breaks: bool) -> list[pa.Array]:
    """Parse well-formed records into one array of text per column."""
    names = [f"c{position}" for position in range(patterns.fields)]
    if not len(lines):
        return [pa.array([], pa.large_string()) for _ in names]
    nothing, feed = (pa.scalar(text, pa.large_string()) for text in ("", "\n"))
    ended = pc.binary_join_element_wise(lines, nothing, feed)
    # The texts of an Arrow array are adjacent in its third buffer: a CSV file without a copy.
    _, _, data = ended.buffers()
    longest = pc.max(pc.binary_length(ended)).as_py()
    table = csv.read_csv(
        pa.BufferReader(data),
        csv.ReadOptions(column_names=names, block_size=max(_BLOCK_BYTES, 2 * longest)),
        csv.ParseOptions(
            delimiter=patterns.delimiter, ignore_empty_lines=False, newlines_in_values=breaks
        ),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    )
    return [pa.chunked_array(c.chunks, pa.large_string()).combine_chunks() for c in table.columns]
