"""A table counts as changed by others only where a commit that is not goldrun's changes rows."""

import pytest

from goldrun.io.delta.commits import change_by_others, has_same_rows, note_of
from goldrun.io.engines.tables import Commit

OWN = note_of({"observed_until": "2011-12-09"})


def commits(*made: tuple[str, str]) -> list[Commit]:
    """Commits from version 4 on, each with its operation and its note."""
    return [Commit(4 + n, operation, note) for n, (operation, note) in enumerate(made)]


@pytest.mark.parametrize(
    "made",
    [
        [],
        [("MERGE", OWN), ("WRITE", OWN)],
        [("OPTIMIZE", ""), ("VACUUM START", ""), ("VACUUM END", "")],
        [("SET TBLPROPERTIES", "by hand"), ("MERGE", OWN), ("ADD COLUMNS", "")],
    ],
)
def test_own_commits_and_those_that_keep_rows_are_no_change(made: list[tuple[str, str]]) -> None:
    assert change_by_others(3, 3 + len(made), commits(*made)) == ""


@pytest.mark.parametrize("note", ["", "by hand", "[1]", '{"writer": "another"}', '"goldrun"'])
def test_the_first_change_of_another_is_named(note: str) -> None:
    made = commits(("MERGE", OWN), ("RESTORE", note), ("MERGE", OWN))
    expected = "gold left version 3, and version 5 (RESTORE) is not goldrun's"
    assert change_by_others(3, 6, made) == expected


def test_a_version_that_is_older_than_the_one_left_is_an_older_copy() -> None:
    assert "an older copy with version 2" in change_by_others(3, 2, [])


def test_a_table_keeps_its_rows_only_if_all_commits_since_do() -> None:
    kept = [("OPTIMIZE", ""), ("VACUUM START", "")]
    assert has_same_rows(3, 3, [])
    assert has_same_rows(3, 5, commits(*kept))
    assert not has_same_rows(3, 6, commits(*kept, ("MERGE", OWN)))
    assert not has_same_rows(3, 6, commits(*kept))
    assert not has_same_rows(3, 2, [])


def test_a_log_without_some_of_the_commits_is_a_change() -> None:
    assert "does not have all commits from version 3 to 6" in change_by_others(
        3, 6, commits(("MERGE", OWN), ("MERGE", OWN))
    )
