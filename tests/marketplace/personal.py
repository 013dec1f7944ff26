"""Search for names, e-mail addresses and telephone numbers where they must not occur."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from goldrun.contracts.entities import EMAIL, NAME, PHONE
from tests.marketplace.table_checks import Check

_HEAD = 6
"""Bytes of a value that are looked up at every place of a file; shorter values are not sought."""
_PIECE = 1 << 22
"""Bytes of a file that are read at once."""
_AS_IT_IS = "surrogateescape"
_DIGITS = 7
"""Least number of digits of a telephone number; a shorter one identifies nobody."""


def collect_personal(db: duckdb.DuckDBPyConnection) -> None:
    """Make the table ``personal`` (kind, value) of all customers, as given and as standardised."""
    clean = " UNION ".join(
        f"SELECT '{kind}', {kind} FROM truth.{table}"
        for kind in (NAME, EMAIL, PHONE)
        for table in ("customers", "customers_history")
    )
    db.execute(f"""
        CREATE OR REPLACE TABLE personal AS
        SELECT DISTINCT kind, lower(trim(value)) AS value
        FROM (SELECT kind, value FROM bronze.personal UNION {clean})
        WHERE CASE kind
            WHEN '{EMAIL}' THEN contains(value, '@')
            WHEN '{PHONE}' THEN length(regexp_replace(value, '\\D', '', 'g')) >= {_DIGITS}
            ELSE regexp_matches(value, '\\w')
        END""")


def absent_from_tables(db: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> list[Check]:
    """Search for personal values in the texts of each table (views with a column ``value``)."""
    (sought,) = db.execute("SELECT count(*) FROM personal").fetchone() or (0,)
    checks = []
    for table in tables:
        found = db.execute(f"""
            SELECT kind, count(*) FROM personal
            WHERE value IN (SELECT lower(trim(value)) FROM {table})
            GROUP BY kind ORDER BY kind""").fetchall()
        (texts,) = db.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        numbers = f"{sought:,} values sought among {texts:,} texts"
        # Counted and not shown: a check must not disclose the values.
        numbers += "".join(f", {n:,} {kind} found" for kind, n in found)
        checks.append(Check(f"no personal value in {table}", not found and sought > 0, numbers))
    return checks


def absent_from_files(values: Iterable[str], paths: Sequence[Path]) -> list[Check]:
    """Search for personal values in all files under the paths, byte by byte, in any letter case.

    A database file keeps its text as it is, so it is searched like any other. Compressed files
    hide theirs.

    Args:
        values: Lower-case texts to search for.
        paths: Files or folders; one that is not there fails, and so does a search for nothing.
    """
    by_head: dict[bytes, list[bytes]] = {}
    for value in values:
        text = value.encode()
        if len(text) >= _HEAD:
            by_head.setdefault(text[:_HEAD], []).append(text)
    checks = []
    for path in paths:
        files = list(_files(path))
        found = {str(file): _hits(file.read_bytes(), by_head) for file in files if by_head}
        hits = {file: n for file, n in found.items() if n}
        numbers = f"{len(found):,} files searched"
        numbers += "".join(f"\n  {n:,} times in {file}" for file, n in hits.items())
        checks.append(Check(f"no personal value in {path}", bool(found) and not hits, numbers))
    return checks


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    yield from sorted(file for file in path.rglob("*") if file.is_file())


def _hits(content: bytes, by_head: dict[bytes, list[bytes]]) -> int:
    # Bytes that are not text stay unchanged: replaced, they would equal an undecodable name.
    content = content.decode(errors=_AS_IT_IS).lower().encode(errors=_AS_IT_IS)
    heads = np.sort(_words(b"".join(by_head))[::_HEAD])
    hits = 0
    for start in range(0, len(content), _PIECE):
        # Pieces overlap, so that a value across their border is found.
        words = _words(content[start : start + _PIECE + _HEAD - 1])
        nearest = heads[np.searchsorted(heads, words).clip(max=len(heads) - 1)]
        for place in np.flatnonzero(nearest == words) + start:
            candidates = by_head[content[place : place + _HEAD]]
            hits += any(content.startswith(value, int(place)) for value in candidates)
    return hits


def _words(text: bytes) -> npt.NDArray[np.uint64]:
    """The ``_HEAD`` bytes from each place on, as one number each."""
    codes = np.frombuffer(text, dtype=np.uint8).astype(np.uint64)
    n = max(len(codes) - _HEAD + 1, 0)
    words = np.zeros(n, dtype=np.uint64)
    for i in range(_HEAD):
        words = words << np.uint64(8) | codes[i : i + n]
    return words
