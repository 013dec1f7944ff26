"""Tables, code and links as Markdown."""

from collections.abc import Iterable, Mapping


def table(rows: Iterable[dict[str, str]]) -> str:
    """Lay out a Markdown table, without the columns that are empty in every row."""
    lines = list(rows)
    header = [name for name in lines[0] if any(line[name] for line in lines)]
    cells = [header, ["---"] * len(header)]
    cells += [[line[name].replace("|", "\\|") for name in header] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def code(text: str) -> str:
    """Text in the font of code; nothing for nothing."""
    return f"`{text}`" if text else ""


def codes(names: Iterable[str]) -> str:
    """Names in the font of code, separated by commas."""
    return ", ".join(code(name) for name in names)


def link(anchor: str) -> str:
    """A link to a heading or an anchor of the page."""
    return f"[{anchor}](#{anchor})"


def sources(names: Iterable[str]) -> str:
    """Show ``table.column`` names, a table a line."""
    by_table: dict[str, list[str]] = {}
    for name in names:
        table, _, column = name.partition(".")
        by_table.setdefault(table, []).append(code(column))
    return "<br>".join(f"{table}: {', '.join(columns)}" for table, columns in by_table.items())


def meanings(header: str, named: Mapping[str, str]) -> str:
    """Lay out a table of names and their meanings; ``none`` if there are none."""
    if not named:
        return "none\n"
    return table({header: code(name), "meaning": text} for name, text in named.items())
