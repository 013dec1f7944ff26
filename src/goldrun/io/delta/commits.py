"""Commits of a table: which keep its rows, and which goldrun did not make."""

import json
from collections.abc import Mapping, Sequence

from goldrun.io.engines.tables import Commit

_WRITER = "writer"
_GOLDRUN = "goldrun"
_KEEP_ROWS = frozenset(
    {
        "CREATE TABLE",
        "ADD COLUMN",
        "ADD COLUMNS",
        "OPTIMIZE",
        "REORG",
        "VACUUM START",
        "VACUUM END",
        "SET TBLPROPERTIES",
        "UNSET TBLPROPERTIES",
        "CLUSTER BY",
        "ADD FEATURE",
        "UPGRADE PROTOCOL",
    }
)
"""Operations after which a table has the same rows, whoever runs them."""


def keeps_rows(commit: Commit) -> bool:
    """Whether a table has the same rows as before a commit."""
    return commit.operation in _KEEP_ROWS


def has_same_rows(left: int, newest: int, commits: Sequence[Commit]) -> bool:
    """Whether a table has the same rows as at a version.

    Args:
        left: The version.
        newest: Newest version of the table.
        commits: The commits after ``left`` that the table's log still has.
    """
    has_all = len({commit.version for commit in commits}) >= newest - left
    return newest >= left and has_all and all(keeps_rows(commit) for commit in commits)


def is_own(commit: Commit) -> bool:
    """Whether goldrun made a commit."""
    try:
        note = json.loads(commit.note or "null")
    except ValueError:
        return False
    return isinstance(note, dict) and note.get(_WRITER) == _GOLDRUN


def note_of(values: Mapping[str, object] | None = None) -> str:
    """Write the ``userMetadata`` of goldrun's commits: JSON with the writer and some values."""
    return json.dumps({_WRITER: _GOLDRUN} | dict(values or {}), default=str, sort_keys=True)


def change_by_others(left: int, newest: int, commits: Sequence[Commit]) -> str:
    """Describe how a table was changed since a version that goldrun left.

    Args:
        left: The version.
        newest: Newest version of the table.
        commits: The commits after ``left`` that the table's log still has.

    Returns:
        A clause; empty if only goldrun has changed its rows.
    """
    if newest < left:
        return f"gold left version {left}, and an older copy with version {newest} is in its place"
    if len({commit.version for commit in commits}) < newest - left:
        return f"its log does not have all commits from version {left} to {newest}"
    for commit in commits:
        if not (keeps_rows(commit) or is_own(commit)):
            what = f"version {commit.version} ({commit.operation}) is not goldrun's"
            return f"gold left version {left}, and {what}"
    return ""
