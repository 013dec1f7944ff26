"""A quoted field may have line breaks; a quote that is never closed does not absorb the file."""

import random
from pathlib import Path

import pytest

from goldrun.contracts.file_settings import FileSettings
from goldrun.io.sources import quoted_breaks, text_files
from goldrun.io.sources.forms import inspect_file
from tests.io.sources.records import Record, read

HEAD = "id,note,qty"


def rows(*parts: tuple[str, str | None, str]) -> list[Record | str]:
    return [dict(zip(("id", "note", "qty"), part, strict=True)) for part in parts]


ONE = ("1", "x", "2")
CASES: dict[str, tuple[str, list[Record | str]]] = {
    "a break": ('1,"a\nb",2\n1,x,2\n', rows(("1", "a\nb", "2"), ONE)),
    "breaks of every kind": (
        '1,"a\r\nb\rc\n\nd",2\r\n1,x,2\r\n',
        rows(("1", "a\r\nb\rc\n\nd", "2"), ONE),
    ),
    "a field ends and another begins in one line": (
        '1,"a\nb","c\nd"\n1,x,2',
        rows(("1", "a\nb", "c\nd"), ONE),
    ),
    "doubled quotes and delimiters within": (
        '1,"say ""a,\nb"" twice",2\n1,x,2',
        rows(("1", 'say "a,\nb" twice', "2"), ONE),
    ),
    "the first and the last field": (
        '"a\nb",x,"2\n"\n1,x,2',
        rows(("a\nb", "x", "2\n"), ONE),
    ),
    "a line that looks like the header": (
        f'1,"{HEAD}\n{HEAD}",2\n{HEAD}\n1,x,2',
        [*rows(("1", f"{HEAD}\n{HEAD}", "2")), HEAD, *rows(ONE)],
    ),
    "a line could end one record or begin the next": (
        '1,x,"2\n"\n",x,2\n1,x,2',
        [*rows(("1", "x", "2\n")), '",x,2', *rows(ONE)],
    ),
    "never closed": ('1,"a,2\n1,x,2\n1,x,2\n', ['1,"a,2', *rows(ONE, ONE)]),
    "never closed, with a fault behind": (
        '1,"a,2\n1,x,2\n1,5" disk,2\n1,x,2',
        ['1,"a,2', *rows(ONE), '1,5" disk,2', *rows(ONE)],
    ),
    "closed with too many fields": (
        '1,"a\nb",2,3\n1,x,2',
        ['1,"a', 'b",2,3', *rows(ONE)],
    ),
    "a fault, then a record with a break": (
        '1,5" disk,2\n1,"a\nb",2\n1,x,2',
        ['1,5" disk,2', *rows(("1", "a\nb", "2"), ONE)],
    ),
    "an opening quote, then a record with a break": (
        '"1,x,2\n1,"a\nb",2\n1,x,2',
        ['"1,x,2', *rows(("1", "a\nb", "2"), ONE)],
    ),
    "ten records of their own between two quotes": (
        '1,x,"2\n' + "1,x,2\n" * 10 + '"\n1,x,2',
        ['1,x,"2', *rows(*[ONE] * 10), '"', *rows(ONE)],
    ),
    "nine of them": (
        '1,x,"2\n' + "1,x,2\n" * 9 + '"\n1,x,2',
        rows(("1", "x", "2\n" + "1,x,2\n" * 9), ONE),
    ),
    "ten of them, and others that are malformed": (
        '1,x,"2\n' + "1,x,2\n1,x\n" * 10 + '"\n1,x,2',
        ['1,x,"2', *[line for _ in range(10) for line in (*rows(ONE), "1,x")], '"', *rows(ONE)],
    ),
    "ten of them in a longer note": (
        '1,x,"2\n' + "1,x,2\n" * 10 + "dear sir,\n" * 11 + '"\n1,x,2',
        rows(("1", "x", "2\n" + "1,x,2\n" * 10 + "dear sir,\n" * 11), ONE),
    ),
    "a long note": (
        '1,"' + "dear sir,\n" * 12 + '",2\n1,x,2',
        rows(("1", "dear sir,\n" * 12, "2"), ONE),
    ),
}


@pytest.mark.parametrize("size", [4, 9, 1 << 20])
@pytest.mark.parametrize("case", CASES)
def test_lines_belong_together_wherever_the_file_is_cut_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, size: int
) -> None:
    text, expected = CASES[case]
    file = tmp_path / "x.csv"
    file.write_bytes(f"{HEAD}\n{text}".encode())
    monkeypatch.setattr(text_files, "BYTES_AT_ONCE", size)
    assert read(file) == expected


def test_a_record_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.csv"
    note = "a\n" * 50
    file.write_text(f'{HEAD}\n1,"{note}",2\n1,x,2\n')
    assert len(read(file)) == 2
    monkeypatch.setattr(quoted_breaks, "MOST_LINES", 50)
    assert len(read(file)) == 50 + 2
    monkeypatch.setattr(quoted_breaks, "MOST_LINES", 51)
    assert len(read(file)) == 2
    monkeypatch.setattr(quoted_breaks, "MOST_BYTES", 100)
    assert len(read(file)) == 50 + 2


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        (b"a,b\n1,2\n", True),
        (b'a,b\n"1",""\n', True),
        (b'a,b\n1,"2\n3"\n', False),
        (b'a,b\r1,"2\r3"\r', False),
        (b'a,"b\nc"\n1,2\n', False),
        (b'a,b\n1,5" disk\n', False),
        (b'a,b\n1,"', False),
        (b"\xef\xbb\xbfa,b\n1,2\n", True),
        ("a,b\n1,2\n".encode("utf-16"), False),
    ],
)
def test_only_a_file_without_breaks_in_quotes_is_split_by_engines(
    tmp_path: Path, content: bytes, plain: bool
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    (layout,) = inspect_file(file, FileSettings())
    assert layout.plain is plain


def test_odd_quotes_are_found_wherever_the_text_is_cut_in_pieces() -> None:
    dice = random.Random(5)
    for _ in range(300):
        lines = ["".join(dice.choices('"a,', k=dice.randrange(9))) for _ in range(6)]
        quotes = text_files.OddQuotes()
        data = dice.choice(["\n", "\r\n", "\r"]).join(["a,b", *lines]).encode()
        for start in range(0, len(data), 7):
            quotes.see(data[start : start + 7])
        assert quotes.any() is any(line.count('"') % 2 for line in lines)
