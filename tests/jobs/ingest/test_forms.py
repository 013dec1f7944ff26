"""Files of every form become the same rows of bronze, in a batch and when they are read again."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze, reread
from tests.conftest import NOW

Row = dict[str, str]
ROWS: list[Row] = [
    {"id": f"t{n}", "who": "é" if n % 2 else "b\nc", "amount": f"{n}.5"} for n in range(1, 6)
]
TOML = """
[transactions]
path = "{path}"
{form}
[transactions.columns]
transaction_id = "id"
customer_id = "who"
transaction_date = "'2024-05-01T10:00:00Z'"
quantity = "1"
price = "amount"
amount = "amount"
transaction_status = "'completed'"
"""


def csv_text(rows: list[Row]) -> str:
    lines = [",".join(f'"{value}"' for value in row.values()) for row in rows]
    return "\r\n".join([",".join(ROWS[0]), *lines])


def zipped(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", csv_text(ROWS[:2]))
        archive.writestr("b.csv", csv_text(ROWS[2:]))


def excel(file: Path) -> None:
    with xlsxwriter.Workbook(file) as book:
        for name, rows in (("one", ROWS[:3]), ("two", ROWS[3:])):
            sheet = book.add_worksheet(name)
            for number, row in enumerate([{key: key for key in ROWS[0]}, *rows]):
                sheet.write_row(number, 0, [row["id"], row["who"], row["amount"]])


def unnested(file: Path) -> None:
    pages = [
        {
            "who": who,
            "of": [{k: row[k] for k in ("id", "amount")} for row in ROWS if row["who"] == who],
        }
        for who in ("é", "b\nc")
    ]
    file.write_text(json.dumps(pages, indent=1))


FORMS: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "breaks": ("x.csv", "", lambda file: file.write_text(csv_text(ROWS), "utf-8", newline="")),
    "utf-16": ("x.csv", "", lambda file: file.write_text(csv_text(ROWS), "utf-16", newline="")),
    "windows": (
        "x.CSV",
        "encoding = 'windows-1252'",
        lambda file: file.write_text(csv_text(ROWS), "windows-1252", newline=""),
    ),
    "zip": ("x.zip", "", zipped),
    "parquet": (
        "x.parquet",
        "format = 'parquet'",
        lambda file: pq.write_table(pa.Table.from_pylist(ROWS), file),
    ),
    "excel": ("x.xlsx", "format = 'excel'", excel),
    "array": ("x.json", "format = 'json'", lambda file: file.write_text(json.dumps(ROWS))),
    "each": ("x.json", "format = 'json'\neach = 'of'", unnested),
}


def context(lake: Lake, tracker: Tracker, folder: Path, form: str) -> Context:
    toml = folder / "shop.toml"
    text = TOML.format(path=folder / "in", form=FORMS[form][1])
    if form == "each":
        text = text.replace('"id"', '"`of.id`"').replace('"amount"', '"`of.amount`"')
    toml.write_text(text)
    return Context(lake, tracker, load_source(str(toml)), NOW)


def stored(ctx: Context) -> list[tuple[Row, str, int]]:
    rows = ctx.lake.read("bronze/transactions").orderBy(lineage.FILE, lineage.OFFSET).collect()
    assert all(row[lineage.MALFORMED] is None for row in rows)
    return [
        (
            {key.removeprefix("of."): value for key, value in row[lineage.RECORD].items()},
            Path(row[lineage.FILE]).name,
            row[lineage.OFFSET],
        )
        for row in rows
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_any_form_is_read_once(
    lake: Lake, tracker: Tracker, tmp_path: Path, form: str
) -> None:
    name, _, write = FORMS[form]
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / name)
    ctx = context(lake, tracker, tmp_path, form)
    bronze.run(ctx)
    expected = ROWS if form != "each" else sorted(ROWS, key=lambda row: row["who"] != "é")
    rows = stored(ctx)
    assert [row for row, _, _ in rows] == expected
    assert [place for _, *place in rows] == [[name, number] for number in range(5)]
    version = lake.version("bronze/transactions")
    bronze.run(ctx)
    reread.run(replace(ctx, now=NOW.replace(year=2027)))
    assert lake.version("bronze/transactions") == version
    assert not (Path(lake.root) / "_staging").exists()


@pytest.mark.spark_too
def test_plain_and_packed_files_are_read_in_one_batch(
    lake: Lake, tracker: Tracker, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("id,who,amount\np1,c1,1\n")
    (folder / "b.csv").write_text('id,who,amount\nq1,"c\n1",1\n')
    ctx = context(lake, tracker, tmp_path, "breaks")
    left = Path(lake.root) / "_staging" / "transactions"
    left.mkdir(parents=True)
    (left / "of a killed process").touch()
    bronze.run(ctx)
    assert [(row["id"], row["who"], file) for row, file, _ in stored(ctx)] == [
        ("p1", "c1", "a.csv"),
        ("q1", "c\n1", "b.csv"),
    ]
    assert not left.exists()
