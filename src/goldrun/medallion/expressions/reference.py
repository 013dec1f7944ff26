"""The page ``docs/reference/mapping-language.md``, generated from the function table."""

from goldrun.medallion.expressions.function import Function
from goldrun.medallion.expressions.refused import REFUSED
from goldrun.medallion.expressions.table import ALIASES, GROUPS

_INTRODUCTION = """\
# Mapping language

Generated from the function table in `src/goldrun/medallion/expressions/` by `make docs`: change
that, not this page.

The right side of a mapping in a source's TOML is an expression over the file's columns, all of
them text. It is written as in SQL, and is of this language: what is not on this page is refused
by name, before anything is read. Every engine computes it alike.

- **Columns** are named exactly as in the file, case included. A name that is more than letters,
  digits and `_` stands in backticks: `` `Unit Price` ``. A column of a joined file is called by
  the name of the join, a point and its own name: `` `orders.created_at` ``.
- **Place**: `_file` is the name of the record's file, without folders, and `_row` its number in
  the file: from 1, without the header and blank lines. `concat(_file, '-', _row)` is an id where
  the file has none; not for exports that overlap or are written anew in another order, whose
  records would have other ids each time. With `fill_down`, `_line` is the number of the record in
  its group, and `concat(Name, '-', _line)` an id that stays the same in such exports.
- **Kinds**: text, number, boolean, time. Nothing becomes a number by itself: `Quantity *
  UnitPrice` is refused, `try_cast(Quantity as int) * try_cast(UnitPrice as decimal(18,4))` is
  right. Where text is needed, other kinds are written out.
- **Null**: an expression never fails. What can't be computed is null: text that is no number or
  time, a number that is too large, a division by zero. In a required column the row is then
  quarantined as `<column>_missing`; in an optional one it is empty, so map raw text directly
  where it should be `<column>_unparsed` instead. Texts of a file that are no value, such as `NULL`
  and `-`, are null too ([no_value](values.md)).

## Numbers

All numbers are decimals. Text is read by ASCII digits, an optional sign, point and power of ten
(`1e2`), and white space around.

- `cast(x as decimal(p,s))` rounds half up to `s` decimals; `int`, `bigint`, `smallint` and
  `tinyint` take whole numbers, and cut the decimals of a number. `cast` and `try_cast` are the
  same.
- `double` (and `float`) is a decimal of 38 digits, 18 of them decimals.
- `+`, `-` and `*` are exact as long as the result has at most 38 digits. Longer results, all
  quotients and all of `double` keep 18 decimals: further ones are cut, and the last digit is set
  so that rounding it is right (a 0 becomes 1, a 5 becomes 6). Stored without rounding, they are
  `<column>_digits_lost`.
- `round(x, n)` rounds half up: `round(1.005, 2)` is 1.01. A third times three is
  0.999999999999999999, as 18 decimals have it: round it before `floor` or a cast to `int`.

## Times

- A time with a zone or an offset is an instant, and so is what comes from a number of seconds,
  milliseconds or microseconds. A time without one is local: it is read in the source's
  `timezone`, and without that it is `<column>_without_zone`.
- [`timestamp_format`](values.md) is for columns that are mapped as they are; an expression has the
  pattern itself: `to_timestamp(bought, 'dd/MM/yyyy HH:mm')`.
- Times can't be compared or added to; text that is made of them is ISO 8601.

## Operators

`=`, `<>` (`!=`), `<`, `<=`, `>`, `>=`, `<=>` · `and`, `or`, `not` · `in (...)`, `between`,
`like`, `rlike`, `is null`, `is true` · `+`, `-`, `*`, `/`, `%`, `div` · `||` · `case when ...
then ... end` · `cast`, `try_cast`, `x::type` · `x[0]` of a list

Texts are compared by their code points. Regular expressions are those that dialects share: `\\d`,
`\\w`, `\\s` and `\\b` mean ASCII; looking around, references to groups and flags are refused.
"""


def page() -> str:
    """Render the whole page as Markdown."""
    groups = [_group(title, functions) for title, functions in GROUPS.items()]
    return "\n".join([_INTRODUCTION, *groups, _aliases(), _refused()])


def _group(title: str, functions: tuple[Function, ...]) -> str:
    rows = [
        f"| `{f.signature}` | {f.returns} | {_cell(f.meaning)} | {_code(f.example)} |"
        for f in functions
    ]
    return "\n".join(
        [
            f"## {title}\n",
            "| function | gives | meaning | example |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _aliases() -> str:
    rows = [f"| `{other}` | `{name}` |" for other, name in ALIASES.items()]
    return "\n".join(["## Other names\n", "| name | is |", "|---|---|", *rows, ""])


def _refused() -> str:
    by_reason: dict[str, list[str]] = {}
    for name, why in REFUSED.items():
        by_reason.setdefault(why, []).append(f"`{name}`")
    rows = [f"| {', '.join(names)} | {_cell(why)} |" for why, names in by_reason.items()]
    return "\n".join(
        ["## Not part of it\n", "| function | why, and what to write |", "|---|---|", *rows, ""]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(example: str) -> str:
    return f"`{_cell(example)}`"
