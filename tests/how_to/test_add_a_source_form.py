"""The form of docs/how-to/add-a-source-form.md is read into bronze and silver."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from tests.how_to.documents import diffs_of, files_of
from tests.project_copy import Project

pytestmark = pytest.mark.e2e

PAGE = "add-a-source-form.md"
SHOP = """
timezone = "UTC"
currency = "EUR"
[transactions]
path = "data/oldshop"
format = "fixed"
widths = {line = 4, who = 6, bought = 19, paid = 8}
[transactions.columns]
transaction_id = "line"
customer_id = "who"
transaction_date = "bought"
quantity = "'1'"
price = "paid"
amount = "paid"
transaction_status = "'completed'"
"""
LINES = """\
1   ann   2024-03-01 10:00:00   20.00
2   ben   2024-03-02 11:00:00    2.50
3   ann   2024-03-02 11:00:00

"""


@pytest.fixture(scope="module")
def extended(clone: Project) -> Project:
    for path, text in files_of(PAGE).items():
        (clone.folder / path).write_text(text)
    (patch,) = diffs_of(PAGE)
    subprocess.run(["git", "apply", "-"], cwd=clone.folder, input=patch, text=True, check=True)
    (clone.folder / "pipelines" / "sources" / "oldshop.toml").write_text(SHOP)
    (clone.folder / "data" / "oldshop").mkdir()
    (clone.folder / "data" / "oldshop" / "sales.txt").write_text(LINES)
    for step in ("bronze", "silver"):
        done = clone.script(step, "--source=oldshop")
        assert done.code == 0, done.output
    return clone


def rows_of(lake: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    frame = DeltaTable(lake / table).to_pandas()[list(columns)]
    return sorted(frame.itertuples(index=False, name=None))


def test_each_field_becomes_a_column(extended: Project) -> None:
    columns = ("transaction_id", "customer_id", "amount")
    found = [
        (*key, float(amount))
        for *key, amount in rows_of(extended.lake, "silver/transactions", *columns)
    ]
    assert found == [("1", "ann", 20.0), ("2", "ben", 2.5)]


def test_a_line_of_another_length_is_in_quarantine(extended: Project) -> None:
    (found,) = rows_of(extended.lake, "silver/quarantine", "record", "reasons")
    assert "3   ann" in str(found[0])
    assert list(found[1]) == ["record_malformed"]
